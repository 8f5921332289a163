"""Inadvertent breaches of confidentiality: accidents and near misses (R14)."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from services.cases.domain.names import name_of, record_of
from services.cases.domain.states import RecordKind

REPORT_WITHIN = timedelta(hours=72)
"""UK GDPR, article 33(1): after having become aware of it."""


@attrs.frozen
class Decision:
    """What was decided about an incident, without words."""

    outcome: str
    decided_by: str
    decided_at: datetime


@attrs.frozen
class Awaited:
    """An accident about which nobody has decided, as far as the worker may know of it."""

    id: str
    case_id: str | None
    known_at: datetime
    decider: str

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("incidents", self.id)

    @property
    def record(self) -> str:
        """The name of the record under whose key the words are sealed: the case's, or its own."""
        return record_of(self.case_id or self.id)

    @property
    def report_by(self) -> datetime:
        """Until when it is to be reported."""
        return self.known_at + REPORT_WITHIN


@attrs.frozen
class Incident:
    """One entry of the register, without words."""

    id: str
    case_id: str | None
    """None for an accident of which no case is known, such as a letter left on a printer."""
    kind: str
    what: str
    known_at: datetime
    decider: str
    decision: Decision | None = None

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("incidents", self.id)

    @property
    def decision_item(self) -> str:
        """Name the item with what was done."""
        return f"{self.name}/decisions/1"

    @property
    def record_id(self) -> str:
        """The uuid of the record under whose key the words are sealed: the case's, or its own."""
        return self.case_id or self.id

    @property
    def record_kind(self) -> RecordKind:
        """What kind of record that is."""
        return RecordKind.CASE if self.case_id else RecordKind.INCIDENT

    @property
    def record(self) -> str:
        """The name of that record."""
        return record_of(self.record_id)

    @property
    def report_by(self) -> datetime | None:
        """Until when it is to be reported; None for what only nearly happened."""
        return self.known_at + REPORT_WITHIN if self.kind == "incident" else None

    def overdue(self, now: datetime) -> bool:
        """Whether that time has passed without a decision."""
        return self.decision is None and self.report_by is not None and self.report_by < now
