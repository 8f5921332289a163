"""A student's request for the name behind a line of their list, in ids and codes (R24)."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

import attrs

from services.consent.domain.texts import LONDON

AGREES = "agrees"
"""What a staff member says who may be named."""

_DECEMBER = 12


@attrs.frozen
class AccessLine:
    """A line of a student's list, with what the list does not show."""

    name: str
    """`accesses/` and the id of its entry."""
    record: str
    breach: str
    actor: str
    """Whose act it is about."""
    at: datetime
    role: str
    action: str
    purpose: str

    @property
    def by_staff(self) -> bool:
        """Whether a staff member did it, in a session of their own."""
        return self.actor.startswith("staffMembers/")


@attrs.frozen
class View:
    """What the staff member said last whose name it is."""

    code: str
    given_at: datetime


@attrs.frozen
class NameDecision:
    """How it was decided, by somebody whose name it is not."""

    released: bool
    grounds: frozenset[str]
    not_heard: str
    """Why the staff member was not heard, as a code; empty if they were."""
    by: str
    at: datetime
    ledger_index: int


@attrs.frozen(kw_only=True)
class NameRequest:
    """A request, as far as it got."""

    name: str
    student: str
    line: AccessLine
    asked_at: datetime
    due_at: datetime
    view: View | None = None
    decision: NameDecision | None = None
    of_the_service: bool = True
    """Whether they are of its staff today, so that they can be heard."""
    hidden: bool = False
    """Whether its line stays out of the student's list for now (R35)."""

    @property
    def named(self) -> str:
        """Whose name it is."""
        return self.line.actor

    @property
    def agrees(self) -> bool:
        """Whether they have said that they agree, and nothing else since."""
        return self.view is not None and self.view.code == AGREES

    @property
    def released(self) -> bool:
        """Whether the student may be told."""
        return self.decision is not None and self.decision.released

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been answered by *now*."""
        return self.decision is None and self.due_at <= now


def due_at(asked_at: datetime) -> datetime:
    """
    Give the first moment at which a request is late: a month has passed (UK GDPR, article 12(3)).

    To the end of the same date of the next month, or of its last day if it has no such date. Where
    that is a weekend or a bank holiday the law gives some days more, which nobody should need.
    """
    asked = asked_at.astimezone(LONDON).date()
    year, month = (asked.year + 1, 1) if asked.month == _DECEMBER else (asked.year, asked.month + 1)
    last_day = date(year, month, min(asked.day, monthrange(year, month)[1]))
    return datetime.combine(last_day + timedelta(days=1), time(), LONDON).astimezone(UTC)
