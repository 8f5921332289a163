"""Keeping and letting go; walls."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("record:dispose")
def retention_not_over(asked: Asked) -> Any:
    """Six academic years beyond the end of the academic year of the last involvement."""
    return asked.now < asked.dispose_from


@on("wall:lift")
def wall_lifted_by_no_manager(asked: Asked) -> Any:
    """A manager judges that it is over."""
    return "manager" not in asked.who.roles


@on("wall:list")
def walls_of_others(asked: Asked) -> Any:
    """A manager looks after everybody's."""
    return asked.everybodys and "manager" not in asked.who.roles


@on("wall:lift")
def wall_lifted_by_oneself(asked: Asked) -> Any:
    """Not judged by the one who has it."""
    return asked.staff_member == asked.who.name
