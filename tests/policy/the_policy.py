"""The policy file of this checkout, ready for tables and proofs."""

from __future__ import annotations

import random
from functools import cache
from importlib import resources

import attrs

from tests.policy import oracle
from tests.policy.asking import Answer, Engine, Request
from tests.policy.cedar_rules import Asking, Rules
from tests.policy.symbolic import Seen
from tests.policy.truth_table import Space
from tests.policy.z3_cedar import Formulas

_FOLDER = resources.files("services.consent.policies")
POLICIES = (_FOLDER / "confidentiality.cedar").read_text("utf-8")
SCHEMA = (_FOLDER / "confidentiality.cedarschema").read_text("utf-8")
RULES = Rules.read(POLICIES, SCHEMA)
EVERYTHING = RULES.everything_asked


def chance(*about: object) -> random.Random:
    """Give dice that fall the same way in each run."""
    return random.Random(" ".join(map(str, about)))  # noqa: S311  # dice, not a secret


@cache
def space(asking: Asking) -> Space:
    """Give the facts that matter for an action."""
    return Space.of(RULES, asking)


@cache
def formulas(asking: Asking) -> Formulas:
    """Give the policy as formulas, for an action."""
    return Formulas.of(RULES, asking)


@attrs.frozen
class Bench:
    """A policy file in Cedar's engine, beside the oracle."""

    whole: Engine
    permits: Engine
    """Only the permits: what they cover, whatever a forbid says."""

    @classmethod
    def of(cls, rules: Rules) -> Bench:
        """Parse a policy file."""
        only = attrs.evolve(rules, rules=tuple(each for each in rules.rules if each.permits))
        return cls(Engine(rules, SCHEMA), Engine(only, SCHEMA))

    def differs(self, request: Request) -> str:
        """Say how the engine's answer differs from the oracle's; nothing if it doesn't."""
        action, seen = request.asking.name, Seen(request)
        reasons = oracle.reasons(action, seen)
        answer = self.whole.ask(request)
        if answer.errors:
            return "the engine could not evaluate a policy"
        if answer.allowed != (not reasons) or self.whole.reasons(answer) != reasons:
            return f"engine: {_said(answer, self.whole)}; oracle: {sorted(reasons) or 'yes'}"
        covered = self.permits.ids(self.permits.ask(request))
        if covered != oracle.permits(action, seen):
            return f"engine: covered by {sorted(covered)}"
        return ""


def _said(answer: Answer, engine: Engine) -> object:
    if answer.allowed:
        return "yes"
    return sorted(engine.reasons(answer)) or "no, and not why"
