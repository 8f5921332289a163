"""The facts that a decision rests on, as consent's own tables and the caller token give them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

ANONYMOUS = "anonymous"
KEPT_BY: Mapping[str, str] = MappingProxyType(
    {
        "case": "cases",
        "enquiry": "cases",
        "breach": "cases",
        "incident": "cases",
        "registration_form": "identity",
        "monitoring_form": "identity",
        "third_party": "identity",
        "name_request": "cases",
    }
)
"""Each kind of record, and the service that holds its ciphertext."""

_ROLES = ("manager", "adviser", "trustee", "operator")


@attrs.frozen
class Who:
    """Somebody who asks."""

    name: str
    """A resource name, or `anonymous`."""
    kind: str
    """`staff`, `student` or `third_party`."""
    roles: frozenset[str] = frozenset()
    second_factor: bool = False
    passkeys: frozenset[str] = frozenset()
    """The thumbprints of their own passkeys."""

    @property
    def role(self) -> str:
        """The one role that the ledger and the student's list show."""
        return next((role for role in _ROLES if role in self.roles), self.kind)

    @property
    def is_staff_of_service(self) -> bool:
        """Whether they are of the team of R10; for how a refusal is told, never for a yes."""
        return self.kind == "staff" and not self.roles.isdisjoint({"adviser", "manager"})


THIRD_PARTY = Who(ANONYMOUS, "third_party")
"""Somebody with a link, whom nobody signed in."""


@attrs.frozen
class Record:
    """A record as consent knows it: its kind and whom it is about, never what is in it."""

    name: str
    kind: str = ""
    """`case`, `enquiry`, ...; empty when nobody registered such a record."""
    student: str = ""
    parent: str = ""
    disposed_at: datetime | None = None
    walled: frozenset[str] = frozenset()
    """Staff members with a conflict of interest with it, its student, or what it belongs to."""
    stepped_aside: frozenset[str] = frozenset()
    """Those of them who put up such a wall themselves."""
    involved: str = ""
    """Of the record of a breach: the staff member who began it, and so decides (R37)."""

    @property
    def kept_by(self) -> str:
        """The service that holds its ciphertext."""
        return KEPT_BY.get(self.kind, "")

    @property
    def known(self) -> bool:
        """Whether somebody registered it."""
        return bool(self.kind)

    def walls_off(self, person: str) -> bool:
        """
        Whether it is not there for *person*, for what is answered without asking the policy.

        The same as its rule `no-conflict-of-interest`: what somebody else puts up takes no breach
        out of the hands of the staff member involved (R37).
        """
        own = person == self.involved and person not in self.stepped_aside
        return person in self.walled and not own


@attrs.frozen
class Report:
    """A report to be released."""

    name: str


@attrs.frozen
class AccessList:
    """The list of who has seen a student's records."""

    student: str


@attrs.frozen
class WallList:
    """The walls that one staff member looks after."""

    staff_member: str
