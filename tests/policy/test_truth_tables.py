"""The policy file against the oracle, case by case, in Cedar's own engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from tests.policy import oracle
from tests.policy.asking import Request
from tests.policy.cedar_rules import Asking
from tests.policy.the_policy import EVERYTHING, RULES, Bench, chance, space

FULL = 20_000
"""Actions with at most this many cases have all of them tried."""
PAIR = 2_000
"""Two rules with at most this many cases between them have all of them tried."""

BENCH = Bench.of(RULES)

each_action = pytest.mark.parametrize("asking", EVERYTHING, ids=lambda each: each.name)


def differences(requests: Iterable[Request]) -> list[str]:
    found = ((each, BENCH.differs(each)) for each in requests)
    return [f"{each}\n{how}" for each, how in found if how]


@each_action
def test_every_case_that_a_rule_can_tell_apart(asking: Asking) -> None:
    cases = space(asking)
    for rule in cases.looked_at:
        assert not differences(cases.table(rule))


@each_action
def test_cases_by_chance_out_of_all(asking: Asking) -> None:
    dice = chance("some of", asking.name)
    assert not differences(space(asking).some(dice) for _ in range(300))


@pytest.mark.long
@each_action
def test_every_case_that_two_rules_can_tell_apart(asking: Asking) -> None:
    cases = space(asking)
    for one, other in itertools.combinations(cases.looked_at, 2):
        if cases.size(one, other) <= PAIR:
            assert not differences(cases.table(one, other))


@pytest.mark.long
@each_action
def test_every_case_there_is(asking: Asking) -> None:
    """Those with too many cases for that are tried by chance here, and proved in full by Z3."""
    cases, dice = space(asking), chance("all of", asking.name)
    few = cases.size() <= FULL
    assert not differences(cases.table() if few else (cases.some(dice) for _ in range(FULL // 4)))


def test_the_oracle_knows_every_reason_and_no_other() -> None:
    assert set(oracle.REASONS) == RULES.reasons


def test_every_action_is_among_those_of_the_oracle() -> None:
    known = frozenset[str]().union(*(actions for actions, _ in oracle.PERMITS.values()))
    assert known == {each.name for each in EVERYTHING}
