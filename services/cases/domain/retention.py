"""
How long a record is kept (R26, R27).

"We retain this information for six academic years beyond the end of the academic year of your last
involvement with the Service." An academic year begins on 1 October and ends on 30 September
(Europe/London).
"""

from __future__ import annotations

from datetime import date

YEARS_KEPT = 6
_FIRST_MONTH = 10


def academic_year(day: date) -> int:
    """Name the academic year of *day* by the calendar year in which it begins."""
    return day.year if day.month >= _FIRST_MONTH else day.year - 1


def academic_year_end(day: date) -> date:
    """Give the last day, 30 September, of the academic year of *day*."""
    return date(academic_year(day) + 1, 9, 30)


def dispose_from(last_involvement: date) -> date:
    """Give the first day on which a record may be disposed of: always a 1 October."""
    return date(academic_year_end(last_involvement).year + YEARS_KEPT, _FIRST_MONTH, 1)


def is_due(last_involvement: date, today: date) -> bool:
    """Say whether the time has passed."""
    return today >= dispose_from(last_involvement)


def latest_day_due(today: date) -> date:
    """Give the last day of involvement whose records are due today; later ones are kept."""
    return date(academic_year(today) - YEARS_KEPT, 9, 30)
