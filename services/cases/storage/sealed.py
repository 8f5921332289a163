"""One sealed item as it lies in the tables: ciphertexts, and their data key as Vault wrapped it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from common.seal import unseal

WORDS = "words"
"""The field of an item that has only one."""


@attrs.frozen
class SealedItem:
    """An item of a record, with its place, to which its ciphertexts are bound."""

    record: str
    item: str
    wrapped_key: str
    ciphertexts: Mapping[str, bytes] = attrs.field(repr=False)
    """By field."""

    def open(self, key: bytes, field: str = WORDS) -> bytes:
        """
        Open one field with the item's data key.

        Raises:
            SealBroken: the row was changed, or belongs to another place.
        """
        return unseal(key, self.ciphertexts[field], record=self.record, item=self.item, field=field)


def one_field(
    record: str, item: str, wrapped_key: str | None, ciphertext: bytes | None
) -> SealedItem | None:
    """Give the item of a row with one sealed field; None when the record was disposed of."""
    if wrapped_key is None or ciphertext is None:
        return None
    return SealedItem(record, item, wrapped_key, {WORDS: ciphertext})
