"""The translation for Z3 says what Cedar's engine says; otherwise its proofs are worth nothing."""

from __future__ import annotations

import attrs
import pytest
import z3

from tests.policy.asking import Engine, Request, facts_in, from_model
from tests.policy.cedar_rules import Asking, PolicyNotUnderstood, Rules
from tests.policy.cedar_schema import CedarSchema
from tests.policy.the_policy import EVERYTHING, POLICIES, RULES, SCHEMA, chance, formulas, space
from tests.policy.z3_cedar import Formulas, found

each_action = pytest.mark.parametrize("asking", EVERYTHING, ids=lambda each: each.name)

PERMITS = Engine(attrs.evolve(RULES, rules=tuple(r for r in RULES.rules if r.permits)), SCHEMA)
FORBIDS = Engine(attrs.evolve(RULES, rules=tuple(r for r in RULES.rules if not r.permits)), SCHEMA)
WHOLE = Engine(RULES, SCHEMA)


def by_engine(request: Request) -> frozenset[str]:
    """Give the keys of all policies that apply, by Cedar."""
    answers = [engine.ask(request) for engine in (PERMITS, FORBIDS)]
    assert not any(each.errors for each in answers)
    return answers[0].policies | answers[1].policies


def by_z3(request: Request, said: Formulas) -> frozenset[str]:
    """Give the keys of all policies that apply, by Z3 with every fact of the request said."""
    solver = z3.Solver()
    solver.add(*facts_in(request, said.asked).values())
    assert solver.check() == z3.sat
    return frozenset(
        rule.key for rule in RULES.about(request.asking) if solver.check(said.holds(rule)) == z3.sat
    )


@each_action
def test_requests_by_chance_have_the_same_answer(asking: Asking) -> None:
    dice, said = chance("translated", asking.name), formulas(asking)
    for _ in range(20):
        request = space(asking).some(dice)
        assert by_z3(request, said) == by_engine(request), str(request)


@each_action
def test_what_z3_finds_is_so(asking: Asking) -> None:
    """Of each rule, a case in which it applies and one in which it does not."""
    said = formulas(asking)
    for rule in RULES.about(asking):
        applies = said.holds(rule)
        for wanted, case in ((True, found(applies)), (False, found(z3.Not(applies)))):
            if case is not None:
                request = from_model(case, said.asked)
                assert (rule.key in by_engine(request)) is wanted, str(request)


@pytest.mark.parametrize(
    "said",
    [
        'principal in SAS::Person::"staffMembers/1"',
        'context.purpose like "own*"',
        "if context.purpose == context.through then true else false",
        "principal is SAS::Person",
    ],
)
def test_what_is_not_understood_is_not_guessed(said: str) -> None:
    scope = '(principal, action == SAS::Action::"case_note:read", resource)'
    rules = Rules.read(f'@id("x") permit {scope} when {{ {said} }};', SCHEMA)
    with pytest.raises(PolicyNotUnderstood):
        Formulas.of(rules, rules.everything_asked[0]).holds(rules.rules[0])


def test_the_schema_is_read_as_cedar_reads_it() -> None:
    """An action in fewer groups, or in more, would show here: Cedar decides by groups alone."""
    schema = CedarSchema.parse(SCHEMA)
    for group in sorted(schema.groups):
        policy = f'@id("x") permit (principal, action in SAS::Action::"{group}", resource);'
        rules = Rules.read(policy, SCHEMA)
        engine = Engine(rules, SCHEMA)
        for asking in EVERYTHING:
            mine = asking.is_in(group)
            assert engine.ask(space(asking).usual).allowed is mine, (group, asking.name)


def test_a_change_of_the_policy_changes_the_formulas() -> None:
    """Otherwise the two could agree about nothing."""
    other = Rules.read(
        POLICIES.replace("resource.walled.contains", "!resource.walled.contains"), SCHEMA
    )
    changed = 0
    for asking in other.everything_asked:
        said, case = Formulas.of(other, asking), None
        if (case := found(said.allowed)) is not None:
            request = from_model(case, said.asked)
            assert Engine(other, SCHEMA).ask(request).allowed
            changed += not WHOLE.ask(request).allowed
    assert changed > 5
