"""No small mistake in the policy file goes unnoticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import cedarpy
import pytest

from services.consent.policies.engine import Policy, PolicyBroken
from tests.policy.asking import Request
from tests.policy.cedar_rules import Asking, Rule, Rules
from tests.policy.mutants import Mutant, mutants
from tests.policy.the_policy import EVERYTHING, RULES, SCHEMA, Bench, space

ALL = list(mutants(RULES))


def test_no_policy_can_be_left_out_or_turned_round() -> None:
    whole = [each for each in ALL if each.what.startswith("without ")]
    turned = [each for each in ALL if each.what == f"{each.rule.id}: turned round"]
    assert len(whole) == len(turned) == len(RULES.rules)
    assert not survivors(whole + turned)


@pytest.mark.long
def test_no_part_of_a_policy_can_be_mistaken() -> None:
    assert len(ALL) > 10 * len(RULES.rules)
    assert not survivors(ALL)


def survivors(tried: list[Mutant]) -> list[str]:
    """Give the mistakes that no case in the table of the rule brings to light."""
    return [each.what for each in tried if is_served(each.rules) and not is_noticed(each)]


def is_served(rules: Rules) -> bool:
    """Whether consent would start with this file at all."""
    try:
        Policy(cedarpy.policies_from_json_str(json.dumps(rules.to_json())), SCHEMA)
    except PolicyBroken:
        return False
    return True


def is_noticed(mutant: Mutant) -> bool:
    bench = Bench.of(mutant.rules)
    return any(bench.differs(each) for each in cases(mutant.rule))


@cache
def cases(rule: Rule) -> list[Request]:
    """Give the table of a rule, with those that give the same reason, for each action."""
    return [case for asking in EVERYTHING for case in _cases(rule, asking)]


def _cases(rule: Rule, asking: Asking) -> Iterator[Request]:
    known = space(asking)
    if rule.key not in known.looked_at:
        return iter(())
    alike = [each.key for each in RULES.rules if each.reason == rule.reason != ""]
    return known.table(rule.key, *(key for key in alike if key in known.looked_at))


def test_a_mistake_that_changes_nothing_would_be_told() -> None:
    """Otherwise the tests above could not fail."""
    assert survivors([Mutant("nothing", RULES.rules[5], RULES)]) == ["nothing"]
