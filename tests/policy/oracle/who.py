"""Who may ask, what follows a yes, and who they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.policy.oracle.actions import ANSWERING, BY_STAFF, BY_STUDENT, READING
from tests.policy.oracle.registry import Asked, on


def permits(action: str, asked: Asked) -> frozenset[str]:
    """Give the ids of the permits that cover it, whatever the reasons against it."""
    return frozenset(
        name
        for name, (actions, kind) in PERMITS.items()
        if action in actions and asked.who.kind == kind
    )


PERMITS: Mapping[str, tuple[frozenset[str], str]] = {
    "staff-of-the-service": (BY_STAFF, "staff"),
    "student": (BY_STUDENT, "student"),
    "third-party-with-a-link": (frozenset({"disclosure:collect"}), "third_party"),
}
"""By id: what a permit covers, and for whom."""


OBLIGATIONS: Mapping[str, frozenset[str]] = {
    "receipt": frozenset({"consent:give", "consent:confirm", "disclosure:send", "breach:decide"}),
    "notify": frozenset({"consent:refuse", "consent:withdraw", "consent:record_withdrawal"}),
    "redact": frozenset({"disclosure:send", "access_copy:release", "access_copy:collect"}),
}
"""What has to follow a yes, besides the entry in the ledger, which follows everything."""


@on(*BY_STAFF)
def not_staff_of_service(asked: Asked) -> Any:
    """Advisers and managers are the team; students may do some of it, with what is theirs."""
    if asked.who.kind == "student" and asked.action in BY_STUDENT:
        return False
    return not (asked.who.kind == "staff" and asked.who.roles & {"adviser", "manager"})


@on(*BY_STAFF)
def second_factor_missing(asked: Asked) -> Any:
    """Login details are not shared: staff show a second factor."""
    return asked.who.kind == "staff" and not asked.who.second_factor


@on(*ANSWERING)
def not_the_student(asked: Asked) -> Any:
    """Nobody answers for the student."""
    return not (asked.who.kind == "student" and asked.record.student == asked.who.name)


@on(*READING)
def not_ones_own_record(asked: Asked) -> Any:
    """A student reads what is theirs."""
    return asked.who.kind == "student" and asked.record.student != asked.who.name


@on("access_list:read")
def not_ones_own_list(asked: Asked) -> Any:
    """Who has seen a record is shown to the student whose it is."""
    return not (asked.who.kind == "student" and asked.record.name == asked.who.name)


@on("disclosure:collect")
def not_a_third_party(asked: Asked) -> Any:
    """Only the third party collects, with nobody's session."""
    return asked.who.kind != "third_party"
