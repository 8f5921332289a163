"""
The University's terms, by which breaches are counted (R32).

Statutes and Ordinances of the University of Cambridge, chapter II, section 11: Michaelmas Term
begins on 1 October, Lent Term on 5 January, and Easter Term on 10 April, or on 17 April when full
Easter Term begins on or after 22 April. Data, not code: the University publishes years ahead.
A day in a vacation counts to the term before it, so that every day counts to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import attrs

EASTER_BEGINS: Mapping[int, date] = MappingProxyType(
    {year: date(year, 4, 17) for year in range(2023, 2031)}
)
"""Easter Terms as published for 2023-24 to 2029-30: each full term begins after 22 April."""

_VERY_RARE = 2
"""More than this in one term is looked at, whatever the terms before were like."""
_BEFORE = 3
"""How many earlier terms say what is usual."""


@attrs.frozen(order=True)
class Term:
    """One term, with the vacation after it."""

    begins: date
    name: str
    """`michaelmas`, `lent` or `easter`."""

    @property
    def code(self) -> str:
        """The term as a code, with the year in which it begins."""
        return f"{self.name}-{self.begins.year}"


def term_of(day: date) -> Term:
    """Give the term that *day* counts to."""
    easter = EASTER_BEGINS.get(day.year, date(day.year, 4, 10))
    begun = [
        Term(date(day.year - 1, 10, 1), "michaelmas"),
        Term(date(day.year, 1, 5), "lent"),
        Term(easter, "easter"),
        Term(date(day.year, 10, 1), "michaelmas"),
    ]
    return max(each for each in begun if each.begins <= day)


def before(term: Term) -> Term:
    """Give the term before *term*."""
    return term_of(date.fromordinal(term.begins.toordinal() - 1))


def unusual(decided: int, earlier: Sequence[int]) -> bool:
    """
    Whether so many breaches in a term are more than "very rare circumstances".

    More than two, and more than twice the mean of the three terms before.

    Args:
        decided: how many were decided in the term.
        earlier: how many in the terms before it, the latest first.
    """
    usual = sum(earlier[:_BEFORE]) / _BEFORE
    return decided > _VERY_RARE and decided > 2 * usual
