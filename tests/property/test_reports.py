"""The rules of publication, for any counts: R30, nobody can be identified from a report."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.reports.domain.facts import Counted
from services.reports.domain.groupings import COLLEGE_GROUPS, GROUP_OF, ROOT_OF, ROOTS
from services.reports.domain.publication import (
    ROUNDING_BASE,
    SMALLEST,
    WITHHELD,
    freeze,
    publishable,
    round_randomly,
)
from services.reports.domain.tables import TABLES, TOTAL, Count
from services.reports.domain.years import Period

ALL_K = frozenset(SMALLEST.values())
CASES = TABLES["cases-by-topic-and-college-group"]
ENQUIRIES = TABLES["enquiries-by-topic"]
PERIOD = Period(2022, 2024)

counts = st.integers(0, 60).flatmap(
    lambda people: st.integers(people, people * 3).map(lambda things: Count(things, people))
)
people = st.integers(0, 40).map(str)
counted = st.lists(
    st.builds(
        lambda person, topic, year, kind: Counted(
            person if kind == "case" else "", {"kind": kind, "topic": topic, "year": year}
        ),
        people,
        st.sampled_from([*ROOT_OF, "not-yet-known", "no such topic", None]),
        st.integers(2021, 2025),
        st.sampled_from(["case", "enquiry"]),
    ),
    max_size=150,
)
students = st.dictionaries(
    people, st.sampled_from([*GROUP_OF, "other", None]).map(lambda c: {"college": c})
)


@given(st.integers(0, 10_000), st.integers(0, 4))
def test_rounding_goes_to_a_multiple_beside_the_number(number: int, drawn: int) -> None:
    rounded = round_randomly(number, draw=lambda _: drawn)
    assert rounded % ROUNDING_BASE == 0
    assert abs(rounded - number) < ROUNDING_BASE
    if number % ROUNDING_BASE == 0:
        assert rounded == number


@given(st.integers(0, 10_000))
def test_rounding_adds_and_takes_nothing_on_average(number: int) -> None:
    """Each of the five draws is as likely as the others."""
    draws = iter(range(ROUNDING_BASE))
    rounded = [round_randomly(number, draw=lambda _: next(draws)) for _ in range(ROUNDING_BASE)]
    assert sum(rounded) == number * ROUNDING_BASE


@given(st.dictionaries(st.tuples(st.text(max_size=3), st.text(max_size=3)), counts, max_size=30))
def test_fewer_than_k_people_are_withheld_and_zero_looks_the_same(
    cells: dict[tuple[str, str], Count],
) -> None:
    frozen = freeze(cells, ALL_K)
    for k in ALL_K:
        for cell, count in cells.items():
            shown = frozen[cell].shown(k)
            if count.people < k:
                assert shown == WITHHELD
            else:
                assert int(shown) % ROUNDING_BASE == 0
                assert int(shown) >= k
                assert abs(int(shown) - count.things) < ROUNDING_BASE
        assert publishable(frozen, k) == any(count.people >= k for count in cells.values())


@given(st.dictionaries(st.tuples(st.text(max_size=3), st.text(max_size=3)), counts, max_size=30))
def test_a_larger_k_shows_the_same_numbers_or_none(cells: dict[tuple[str, str], Count]) -> None:
    """Two purposes must not be two draws: their average would come closer to the true number."""
    for cell in freeze(cells, ALL_K).values():
        assert cell.shown(10) in (cell.shown(5), WITHHELD)


@given(counts)
def test_what_is_withheld_for_everybody_is_not_even_kept(count: Count) -> None:
    (frozen,) = freeze({("a", "b"): count}, ALL_K).values()
    if count.people < min(ALL_K):
        assert (frozen.rounded, frozen.people_at_least) == (0, 0)
    assert frozen.people_at_least in ALL_K | {0}


@given(counted, students)
def test_a_table_counts_what_a_plain_loop_counts(
    everything: list[Counted], of_students: dict[str, dict[str, str | None]]
) -> None:
    table = CASES.count(everything, PERIOD, of_students)
    cases = [
        each
        for each in everything
        if each.codes["kind"] == "case" and each.codes["year"] in range(2022, 2025)
    ]
    assert table[TOTAL, TOTAL] == Count(len(cases), len({each.person for each in cases}))
    by_topic = Counter(each.codes["topic"] for each in cases)
    for topic in ROOT_OF:
        assert table[topic, TOTAL].things == by_topic[topic]
    for row in CASES.rows:
        groups = [table[row, group] for group in COLLEGE_GROUPS]
        assert sum(group.things for group in groups) == table[row, TOTAL].things
        assert sum(group.people for group in groups) == table[row, TOTAL].people
    for root in ROOTS:
        topics = [topic for topic in ROOT_OF if ROOT_OF[topic] == root]
        assert sum(table[topic, TOTAL].things for topic in topics) == table[root, TOTAL].things


@given(counted, students)
def test_one_student_with_many_cases_is_one_person(
    everything: list[Counted], of_students: dict[str, dict[str, str | None]]
) -> None:
    tripled = CASES.count(everything * 3, PERIOD, of_students)
    for cell, count in CASES.count(everything, PERIOD, of_students).items():
        assert tripled[cell] == Count(count.things * 3, count.people)


@given(counted)
def test_enquiries_are_never_crossed_with_a_college(everything: list[Counted]) -> None:
    table = ENQUIRIES.count(everything, PERIOD, {})
    assert {column for _, column in table} == {TOTAL}
    enquiries = [
        each
        for each in everything
        if each.codes["kind"] == "enquiry" and each.codes["year"] in range(2022, 2025)
    ]
    assert table[TOTAL, TOTAL].things == len(enquiries)
