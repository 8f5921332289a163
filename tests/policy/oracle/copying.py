"""A student's own copy, on an access request."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.registry import Asked, on


@on("access_copy:release")
def copy_for_another(asked: Asked) -> Any:
    """To the student whose case it is of."""
    return asked.record.student is None or asked.recipient != asked.record.student


@on("access_copy:release")
def copy_not_looked_at(asked: Asked) -> Any:
    """Whoever releases it has seen what would leave."""
    return not asked.previewed


@on("access_copy:collect")
def copy_of_another(asked: Asked) -> Any:
    """The student collects, in a session of their own."""
    return not (asked.who.kind == "student" and asked.record.student == asked.who.name)


@on("access_copy:collect")
def copy_not_released(asked: Asked) -> Any:
    """Somebody of the staff has decided that it is ready, and nobody took it back."""
    return asked.released is None


@on("access_copy:collect")
def copy_changed(asked: Asked) -> Any:
    """Not a byte else, not an item more."""
    if asked.released is None:
        return False
    return not asked.released.this_payload or not asked.items <= asked.released.items
