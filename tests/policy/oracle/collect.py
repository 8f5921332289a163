"""A third party collects."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("disclosure:collect")
def link_not_valid(asked: Asked) -> Any:
    """Link and code were right."""
    return not asked.link_valid


@on("disclosure:collect")
def not_sent(asked: Asked) -> Any:
    """A staff member sent it."""
    return not asked.deliveries


@on("disclosure:collect")
def not_what_was_sent(asked: Asked) -> Any:
    """Only what was sealed for the recipient."""
    return not asked.items <= asked.deliveries
