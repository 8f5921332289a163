"""Reports."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("report:publish")
def report_not_frozen(asked: Asked) -> Any:
    """What leaves was frozen."""
    return asked.frozen_for is None


@on("report:publish")
def report_for_the_service(asked: Asked) -> Any:
    """Trends are looked at in the Service."""
    return asked.frozen_for == "internal-trends"
