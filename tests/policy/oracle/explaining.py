"""Explaining: may they, and why not."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.actions import EXPLAINING
from tests.policy.oracle.registry import Asked, on


@on(*EXPLAINING)
def no_such_decision(asked: Asked) -> Any:
    """Nobody made it."""
    return asked.of is None


@on(*EXPLAINING)
def decision_of_another(asked: Asked) -> Any:
    """One's own; a manager, anybody's."""
    return asked.of is not None and asked.of != asked.who.name and "manager" not in asked.who.roles
