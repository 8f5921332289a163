"""The register of inadvertent breaches: codes in clear, words sealed in a case or on their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.reminders import Reminder
from services.cases.domain.incidents import Awaited, Decision, Incident
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import incident_decisions, incident_reminders, incidents

_QUERY = sa.select(
    incidents.c.id,
    incidents.c.case_id,
    incidents.c.kind,
    incidents.c.what,
    incidents.c.known_at,
    incidents.c.decider,
    incident_decisions.c.outcome,
    incident_decisions.c.decided_by,
    incident_decisions.c.decided_at,
).outerjoin(incident_decisions, incident_decisions.c.incident_id == incidents.c.id)


@attrs.frozen
class Incidents:
    """The store of incidents. Nothing in it changes; a decision is added once."""

    connection: sa.Connection

    def add(
        self, incident: Incident, sealed: SealedItem, *, author: str, created_at: datetime
    ) -> bool:
        """Keep a new entry; False if it is there by an earlier try of the request."""
        added = self.connection.execute(
            insert(incidents)
            .values(
                **attrs.asdict(incident, filter=lambda field, _: field.name != "decision"),
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(incidents.c.id)
        )
        return added.one_or_none() is not None

    def decide(self, incident: Incident, decision: Decision, sealed: SealedItem) -> bool:
        """Keep the decision; False if there is one."""
        added = self.connection.execute(
            insert(incident_decisions)
            .values(
                incident_id=incident.id,
                **attrs.asdict(decision),
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(incident_decisions.c.incident_id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Incident | None:
        """Give one entry, without words."""
        row = self.connection.execute(_QUERY.where(incidents.c.id == id_)).one_or_none()
        return _incident(row) if row else None

    def page(self, size: int, last: tuple[datetime, str] | None) -> Sequence[Incident]:
        """Give a page of the register, what was known last first."""
        query = _QUERY.order_by(incidents.c.known_at.desc(), incidents.c.id.desc()).limit(size)
        if last is not None:
            query = query.where(after(incidents.c.known_at, incidents.c.id, last))
        return [_incident(row) for row in self.connection.execute(query)]

    def awaited(self) -> Sequence[Awaited]:
        """Give the accidents about which nobody has decided; what only nearly happened is none."""
        c = incidents.c
        query = sa.select(c.id, c.case_id, c.known_at, c.decider).where(
            c.kind == "incident", c.id.not_in(sa.select(incident_decisions.c.incident_id))
        )
        return [Awaited(*row) for row in self.connection.execute(query)]

    def note_reminder(self, awaited: Awaited, which: Reminder, now: datetime) -> bool:
        """Note that somebody is reminded; False if they were, of the same."""
        added = self.connection.execute(
            insert(incident_reminders)
            .values(incident_id=awaited.id, which=which, reminded_at=now)
            .on_conflict_do_nothing()
            .returning(incident_reminders.c.incident_id)
        )
        return added.one_or_none() is not None

    def sealed(self, incident: Incident) -> tuple[SealedItem | None, SealedItem | None]:
        """Give the sealed words: what happened, and what was done."""
        happened = self.connection.execute(
            sa.select(incidents.c.wrapped_key, incidents.c.sealed).where(
                incidents.c.id == incident.id
            )
        ).one()
        c = incident_decisions.c
        done = self.connection.execute(
            sa.select(c.wrapped_key, c.sealed).where(c.incident_id == incident.id)
        ).one_or_none()
        return (
            one_field(incident.record, incident.name, *happened),
            one_field(incident.record, incident.decision_item, *done) if done else None,
        )


def _incident(
    row: sa.Row[str, str | None, str, str, datetime, str, str, str, datetime],
) -> Incident:
    decision = None
    if row.outcome is not None:
        decision = Decision(row.outcome, row.decided_by, row.decided_at)
    return Incident(row.id, row.case_id, row.kind, row.what, row.known_at, row.decider, decision)
