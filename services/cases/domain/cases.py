"""A case, without words: what may be listed."""

from __future__ import annotations

from datetime import date

import attrs

from services.cases.domain import retention
from services.cases.domain.names import name_of, record_of
from services.cases.domain.states import CaseState


@attrs.frozen
class Case:
    """What a student and the Service work on together. Topic and outcome are sealed elsewhere."""

    id: str
    student: str
    adviser: str
    state: CaseState
    first_contact: date
    last_involvement: date
    """Of the student, not of this case alone: a new enquiry keeps older cases longer (R26)."""
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("cases", self.id)

    @property
    def record(self) -> str:
        """The name of its record."""
        return record_of(self.id)

    @property
    def dispose_from(self) -> date:
        """The first day on which it may be disposed of."""
        return retention.dispose_from(self.last_involvement)
