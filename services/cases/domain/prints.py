"""
Prints: copies on paper, which the register knows by name until somebody destroys them (R18).

The register has no word of what is on the paper, and a drawer's label is too short for a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import attrs

from services.cases.domain.names import name_of


def _in_order(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(items)


@attrs.frozen
class Print:
    """One copy on paper, without words."""

    id: str
    case_id: str
    items: tuple[str, ...] = attrs.field(converter=_in_order)
    purpose: str
    """The code, as the enum `Purpose` names it."""
    printed_by: str
    printed_at: datetime
    kept_in: str
    """The drawer of the filing cabinet."""
    destroyed_by: str | None = None
    destroyed_at: datetime | None = None

    @property
    def name(self) -> str:
        """The resource name, which stands on each page."""
        return name_of("prints", self.id)


def watermark(printed_by: str, name: str, day: date) -> str:
    """
    Give what is written over each page: whose copy it is, which one, and of when.

    No student's name: whoever finds the paper learns no more than is on it, and we can look it up.
    """
    return f"Printed by {printed_by} \u00b7 {name} \u00b7 {day.isoformat()}"
