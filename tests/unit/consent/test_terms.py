"""Terms, and what "very rare circumstances" means in numbers (R32)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
import pytest

from services.consent.domain.counts import by_term
from services.consent.domain.terms import before, term_of, unusual


@attrs.frozen
class Decision:
    """A decision, as counting sees it."""

    at: datetime
    emergency: bool = False


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 10, 1), "michaelmas-2026"),
        (date(2026, 9, 30), "easter-2026"),  # the long vacation belongs to the term before it
        (date(2027, 1, 4), "michaelmas-2026"),
        (date(2027, 1, 5), "lent-2027"),
        (date(2027, 4, 16), "lent-2027"),
        (date(2027, 4, 17), "easter-2027"),
        (date(2021, 4, 10), "easter-2021"),  # no data: the ordinance's earlier day
    ],
)
def test_every_day_counts_to_one_term(day: date, code: str) -> None:
    assert term_of(day).code == code


def test_terms_follow_each_other() -> None:
    term = term_of(date(2027, 5, 1))
    codes = []
    for _ in range(4):
        codes.append(term.code)
        term = before(term)
    assert codes == ["easter-2027", "lent-2027", "michaelmas-2026", "easter-2026"]


@pytest.mark.parametrize(
    ("decided", "earlier", "alert"),
    [
        (0, [], False),
        (2, [0, 0, 0], False),
        (3, [0, 0, 0], True),
        (3, [], True),
        (3, [1, 2, 2], False),  # not more than twice the mean, 10 / 3
        (4, [1, 2, 2], True),
        (4, [2, 2, 2, 0], False),
    ],
)
def test_more_than_two_and_more_than_twice_the_usual_is_unusual(
    decided: int, earlier: list[int], alert: bool
) -> None:
    assert unusual(decided, earlier) is alert


def test_terms_without_a_breach_are_counted_too() -> None:
    """Or a quiet year would make the next breach look usual."""
    now = datetime(2027, 5, 1, tzinfo=UTC)
    decided = [
        Decision(datetime(2027, 4, 16, 23, 30, tzinfo=UTC), emergency=True),  # the 17th in London
        Decision(datetime(2026, 6, 1, tzinfo=UTC)),
    ]
    assert [
        (each.term.code, each.decided, each.in_emergency) for each in by_term(decided, now)
    ] == [
        ("easter-2027", 1, 1),
        ("lent-2027", 0, 0),
        ("michaelmas-2026", 0, 0),
        ("easter-2026", 1, 0),
    ]
    assert [each.term.code for each in by_term([], now)] == ["easter-2027"]
