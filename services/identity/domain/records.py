"""
Records and their items, by name. A name is random and means nothing.

A student's registration form and a third party's details are a record each, with a key of its own
in Vault, and each has one item. The words of an item are stored sealed.
"""

from __future__ import annotations

import enum

import attrs


class RecordKind(enum.Enum):
    """What a record is; the value is the Vault mount of its keys."""

    REGISTRATION_FORM = "rk-registration"
    THIRD_PARTY = "rk-third-party"


@attrs.frozen
class Item:
    """The one item of a record. The uuid names both the record and its key."""

    kind: RecordKind
    uuid: str
    name: str

    @property
    def record(self) -> str:
        """The record's name."""
        return f"records/{self.uuid}"


@attrs.frozen
class Sealed:
    """An item as it is stored, with its data key as Vault wrapped it."""

    wrapped_key: str
    sealed: bytes = attrs.field(repr=False)
    version: int


def registration_form(student_id: str) -> Item:
    """Return the item of a student's registration form."""
    return Item(RecordKind.REGISTRATION_FORM, student_id, f"registration-forms/{student_id}")


def third_party(id_: str) -> Item:
    """Return the item of a third party."""
    return Item(RecordKind.THIRD_PARTY, id_, f"thirdParties/{id_}")
