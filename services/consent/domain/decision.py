"""A question to the policy, and its answer with all its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from services.consent.domain.facts import AccessList, Record, Report, WallList, Who
from services.consent.domain.obligations import Obligation, left_over

Fact: TypeAlias = "str | bool | int | frozenset[str] | Ref | frozenset[Ref] | Mapping[str, Fact]"
"""What a question's context is made of."""

Resource = Record | Report | AccessList | WallList


@attrs.frozen
class Ref:
    """Names somebody or something, where the policy compares rather than reads it."""

    type: str
    """`Person` or `Record`."""
    name: str


def person(name: str) -> Ref:
    """Name a person."""
    return Ref("Person", name)


@attrs.frozen
class Question:
    """May *who* do *action* to *resource*, the facts being these?"""

    who: Who
    action: str
    resource: Resource
    context: Mapping[str, Fact] = attrs.field(factory=dict)


@attrs.frozen
class Decision:
    """The policy's answer. A no always has a reason."""

    allowed: bool
    reasons: frozenset[str] = frozenset()
    """Why not: every reason, as a code."""
    policies: frozenset[str] = frozenset()
    """Which policies decided it, by their @id."""
    clauses: frozenset[str] = frozenset()
    """The numbers of the confidentiality policy's sentences behind them."""
    obligations: frozenset[Obligation] = frozenset()
    """What has to follow a yes."""
    missing: frozenset[str] = frozenset()
    """Those reasons that say what is still to be done."""
    policy_set: str = ""
    """The SHA-256 of the policy and its schema."""

    @property
    def effect(self) -> str:
        """`allow` or `deny`, as in the ledger."""
        return "allow" if self.allowed else "deny"

    def seen_to(self, by_the_action: frozenset[Obligation]) -> Decision:
        """
        Give the decision as it counts for an action that sees to these obligations.

        A yes with anything left over becomes a no: what the policy asks for together with a yes is
        part of it.
        """
        left = self.obligations - by_the_action - {Obligation.RECORD}
        if not self.allowed or not left:
            return self
        return attrs.evolve(self, allowed=False, reasons=frozenset({left_over(left)}))
