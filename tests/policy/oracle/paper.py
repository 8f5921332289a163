"""Paper: what is printed, and that it is no more."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("paper:print")
def purpose_not_for_paper(asked: Asked) -> Any:
    """Required for a staff member to refer to."""
    return asked.purpose not in ("advice", "reflective_practice", "safety")


@on("paper:print")
def not_what_was_decided(asked: Asked) -> Any:
    """What leaves is exactly what was decided about."""
    return not asked.intact
