"""
The clock of an access request (UK GDPR, articles 12(3) and 12A; ICO, "Time limits").

A month runs from the day of receipt, working day or not: to the same date of the next month, or its
last day if it has no such date, or the next working day if that is none. Two more months can be
added, from the same beginning, when that is told with its reason inside the first month. Days on
which the Service waits for something from the student do not count (Data (Use and Access) Act
2025).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

import attrs

from services.cases.domain.bank_holidays import next_working_day

_MONTHS = 1
_MONTHS_EXTENDED = 3


@attrs.frozen
class Pause:
    """A time in which the Service waits for the student; without an end it still does."""

    since: date
    until: date | None = None


@attrs.frozen
class Clock:
    """When a request came in, and what has changed its time limit."""

    received_on: date
    extended: bool = False
    pauses: Sequence[Pause] = ()

    @property
    def stopped(self) -> bool:
        """Whether the Service waits for the student at the moment."""
        return any(each.until is None for each in self.pauses)

    @property
    def due_on(self) -> date | None:
        """The last day on which it is answered in time; None while the clock stands."""
        return None if self.stopped else self._after(_MONTHS_EXTENDED if self.extended else _MONTHS)

    def may_extend(self, today: date) -> bool:
        """Say whether the first month still runs, in which an extension has to be told."""
        return not self.extended and (self.stopped or today <= self._after(_MONTHS))

    def _after(self, months: int) -> date:
        waited = sum((each.until - each.since).days for each in self.pauses if each.until)
        return next_working_day(later(self.received_on, months) + timedelta(days=waited))


def later(day: date, months: int) -> date:
    """Give the corresponding date so many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
