"""
Bank holidays in England, on which no time limit ends.

The Banking and Financial Dealings Act 1971, Schedule 1, and royal proclamations: by rule, with the
days that were moved or added once as data. For a year in which a proclamation is still to come the
rule may be wrong by that day; gov.uk/bank-holidays says it, and it is added here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

_ADDED = frozenset(
    {
        date(2020, 5, 8),  # in place of the first Monday in May: VE Day
        date(2022, 6, 2),  # in place of the last Monday in May
        date(2022, 6, 3),  # Platinum Jubilee
        date(2022, 9, 19),  # State Funeral
        date(2023, 5, 8),  # Coronation
    }
)
_NOT_KEPT = frozenset({date(2020, 5, 4), date(2022, 5, 30)})

_SATURDAY, _MONDAY = 5, 0


def is_working_day(day: date) -> bool:
    """Say whether *day* is neither at a weekend nor a bank holiday in England."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year)


def next_working_day(day: date) -> date:
    """Give *day* if it is a working day, else the next one."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@lru_cache
def bank_holidays(year: int) -> frozenset[date]:
    """Give the bank holidays of a year."""
    added = {each for each in _ADDED if each.year == year}
    return (frozenset(_by_rule(year)) | added) - _NOT_KEPT


def easter(year: int) -> date:
    """Give Easter Sunday (the anonymous Gregorian computus, Meeus, Astronomical Algorithms, 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _by_rule(year: int) -> Iterator[date]:
    yield _not_at_a_weekend(date(year, 1, 1))
    yield easter(year) - timedelta(days=2)
    yield easter(year) + timedelta(days=1)
    yield _monday_from(date(year, 5, 1))
    yield _monday_from(date(year, 5, 25))
    yield _monday_from(date(year, 8, 25))
    christmas = _not_at_a_weekend(date(year, 12, 25))
    boxing_day = _not_at_a_weekend(date(year, 12, 26))
    yield christmas
    # Where both were moved to the same day, or one to the other's, the second is the day after.
    yield boxing_day if boxing_day != christmas else boxing_day + timedelta(days=1)


def _not_at_a_weekend(day: date) -> date:
    return day if day.weekday() < _SATURDAY else day + timedelta(days=7 - day.weekday())


def _monday_from(day: date) -> date:
    return day + timedelta(days=(_MONDAY - day.weekday()) % 7)
