"""The University's year: 1 October to 30 September, in Cambridge's own time (R26)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

CAMBRIDGE = ZoneInfo("Europe/London")
FIRST_MONTH = 10


def academic_year(moment: datetime) -> int:
    """
    Return the academic year of *moment*, as its first calendar year.

    The clock is Cambridge's: half past midnight on 1 October in British Summer Time is
    half past eleven of the evening before in UTC, and yet the new year.
    """
    local = moment.astimezone(CAMBRIDGE)
    return local.year if local.month >= FIRST_MONTH else local.year - 1
