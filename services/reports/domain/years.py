"""The University's academic year: 1 October to 30 September, in Cambridge's own time (R26)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import attrs

CAMBRIDGE = ZoneInfo("Europe/London")
FIRST_MONTH = 10


@attrs.frozen
class Period:
    """Whole academic years, the first and the last of them, each by its first calendar year."""

    first: int
    last: int = attrs.field()

    @last.validator
    def _not_before_first(self, _attribute: object, last: int) -> None:
        if last < self.first:
            raise ValueError("a period ends no earlier than it begins")

    @property
    def code(self) -> str:
        """As in a report: `2022-2025`."""
        return f"{self.first}-{self.last}"

    def __contains__(self, year: object) -> bool:
        return isinstance(year, int) and self.first <= year <= self.last

    def is_over(self, now: datetime) -> bool:
        """Whether the last year has ended; a year that still runs would be published twice."""
        return now >= datetime(self.last + 1, FIRST_MONTH, 1, tzinfo=CAMBRIDGE)
