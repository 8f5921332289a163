"""Keeps the reasons for a no: each chapter notes its own here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Asked = Any
Reason = Callable[[Asked], Any]

REASONS: dict[str, tuple[frozenset[str], Reason]] = {}
"""By code: for which actions it counts, and when it holds."""


def on(*actions: str) -> Callable[[Reason], Reason]:
    """Note that a reason counts for these actions."""

    def note(reason: Reason) -> Reason:
        REASONS[reason.__name__] = (frozenset(actions), reason)
        return reason

    return note


def reasons(action: str, asked: Asked) -> frozenset[str]:
    """Give all reasons against what is asked; without any, it is allowed."""
    return frozenset(
        code for code, (actions, holds) in REASONS.items() if action in actions and holds(asked)
    )
