"""Consents: what was asked, and the log of what became of it. Nothing here is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, exists, insert, select

from services.consent.domain.consent import Asked, Consent, Happened, State
from services.consent.storage.tables import consent_events, consents

_ENDED = (State.REFUSED, State.WITHDRAWN, State.EXPIRED)


@attrs.frozen
class Consents:
    """The tables of consents."""

    connection: Connection

    def ask(self, asked: Asked) -> None:
        """Keep what a student is asked."""
        row = attrs.asdict(asked, recurse=False) | {"items": sorted(asked.items)}
        self.connection.execute(insert(consents).values(row))

    def note(self, consent: str, line: Happened) -> None:
        """Add a line to the log of a consent."""
        row = attrs.asdict(line) | {"consent": consent, "state": str(line.state)}
        self.connection.execute(insert(consent_events).values(row))

    def find(self, name: str) -> Consent | None:
        """Give a consent as its log leaves it now."""
        return self._one(consents.c.consent == name)

    def of_disclosure(self, name: str) -> Consent | None:
        """Give the consent that a disclosure needs, if it was asked for."""
        return self._one(consents.c.disclosure == name)

    def of_student(
        self, student: str, *, hidden_records: Iterable[str], before: int | None, count: int
    ) -> list[Consent]:
        """List a student's consents, newest first, but for those of hidden records."""
        query = (
            select(consents)
            .where(consents.c.student == student, consents.c.record.not_in(list(hidden_records)))
            .order_by(consents.c.ledger_index.desc())
            .limit(count)
        )
        if before is not None:
            query = query.where(consents.c.ledger_index < before)
        return self._with_logs(self.connection.execute(query).all())

    def records_of(self, student: str) -> list[str]:
        """Give the records that a student's consents are about."""
        query = select(consents.c.record).where(consents.c.student == student).distinct()
        return list(self.connection.scalars(query))

    def lapsed(self, now: datetime, count: int) -> list[Consent]:
        """Give consents whose last day is over and whose end nobody has noted yet."""
        ended = exists().where(
            consent_events.c.consent == consents.c.consent, consent_events.c.state.in_(_ENDED)
        )
        query = select(consents).where(consents.c.ends_at <= now, ~ended).limit(count)
        return self._with_logs(self.connection.execute(query).all())

    def _one(self, condition: Any) -> Consent | None:
        found = self._with_logs(self.connection.execute(select(consents).where(condition)).all())
        return found[0] if found else None

    def _with_logs(self, rows: Sequence[Row[Any]]) -> list[Consent]:
        logs: dict[str, list[Happened]] = {row.consent: [] for row in rows}
        query = (
            select(consent_events)
            .where(consent_events.c.consent.in_(list(logs)))
            .order_by(consent_events.c.position)
        )
        for event in self.connection.execute(query):
            logs[event.consent].append(
                Happened(
                    State(event.state), event.at, event.ledger_index, event.text_sha256, event.act
                )
            )
        return [Consent.after(_asked(row), logs[row.consent]) for row in rows]


def _asked(row: Row[Any]) -> Asked:
    return Asked(**{**row._mapping, "items": frozenset(row.items)})
