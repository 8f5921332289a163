"""
Roles and what they permit.

Whether somebody may open words is not decided here but in consent's policy; these permissions are
the rest: who may open a case, find a student, admit a colleague. Every role has an end (R20).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

ADVISER = frozenset(
    {
        "case:open",
        "case:list",
        "case:close",
        "case_note:write",
        "document:attach",
        "enquiry:record",
        "enquiry:list",
        "question:reply",
        "question:close",
        "mail:acknowledge",
        "disclosure:propose",
        "breach:draft",
        "incident:record",
        "student:register",
        "student:find",
        "registration_form:complete",
        "third_party:create",
        "staff_member:list",
        "name_task:list",
        "access_request:read",
        "access_request:enter",
        "access_request:handle",
        "access_copy:prepare",
        "report:read",
    }
)
MANAGER = ADVISER | {
    "staff_member:create",
    "staff_member:end_role",
    "staff_member:set_address",
    "ledger:verify",
    "breach:count",
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "adviser": ADVISER,
    "manager": MANAGER,
    # Outside the Service's staff: they can check the ledger, and see no student (R10).
    "trustee": frozenset({"ledger:verify"}),
    # They see how many breaches there were in a term, never whose (R32).
    "operator": frozenset({"ledger:verify", "breach:count"}),
    # Their own form and requests only, which the actions check.
    "student": frozenset(
        {"registration_form:complete", "access_request:make", "access_request:read"}
    ),
}
STAFF_ROLES = frozenset(PERMISSIONS) - {"student"}


@attrs.frozen
class Role:
    """One role of one person, with the moment from which it no longer holds."""

    code: str = attrs.field(validator=attrs.validators.in_(frozenset(PERMISSIONS)))
    begins_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """Say whether the role holds at *now*; at its end it no longer does."""
        return self.begins_at <= now < self.ends_at


def permissions(roles: Iterable[str]) -> frozenset[str]:
    """Return what *roles* permit together."""
    return frozenset[str]().union(*(PERMISSIONS[role] for role in roles))
