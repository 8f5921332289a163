"""Inadvertent breaches: accidents."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("incident:decide")
def not_the_one_to_decide(asked: Asked) -> Any:
    """Who was named, or a manager."""
    return asked.decider != asked.who.name and "manager" not in asked.who.roles


@on("incident:decide")
def accident_already_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.decided
