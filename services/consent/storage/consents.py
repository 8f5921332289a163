"""Consents: what was asked, and the log of what became of it. Nothing here is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
)

from services.consent.domain.consent import Asked, Consent, Happened, Happening, Spoken
from services.consent.domain.kinds import Kind
from services.consent.storage.tables import consent_events, consents

_ENDED = (Happening.REFUSED, Happening.WITHDRAWN, Happening.EXPIRED, Happening.SUPERSEDED)
_LINE = (
    consent_events.c.state,
    consent_events.c.at,
    consent_events.c.ledger_index.label("noted_in"),
    consent_events.c.text_sha256.label("text_seen"),
    consent_events.c.act,
    consent_events.c.actor,
    consent_events.c.manner,
    consent_events.c.place,
    consent_events.c.spoken_at,
    consent_events.c.confirm_by,
    consent_events.c.signature_sha256,
)
"""What a line of the log says, beside the columns of the consent that it belongs to."""


def _newest(condition: ColumnElement[bool]) -> Select[Any]:
    """Ask for the newest consent with its log, in one round trip: decisions rest on it."""
    one = (
        select(consents.c.consent)
        .where(condition)
        .order_by(consents.c.ledger_index.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(consents, *_LINE)
        .outerjoin(consent_events, consent_events.c.consent == consents.c.consent)
        .where(consents.c.consent == one)
        .order_by(consent_events.c.position)
    )


_BY_NAME = _newest(consents.c.consent == bindparam("name"))
_BY_DISCLOSURE = _newest(consents.c.disclosure == bindparam("name"))


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
        spoken = line.spoken
        self.connection.execute(
            insert(consent_events).values(
                consent=consent,
                state=str(line.what),
                at=line.at,
                ledger_index=line.ledger_index,
                actor=line.by,
                text_sha256=line.text_sha256,
                act=line.act,
                manner=spoken.manner if spoken else None,
                place=spoken.place if spoken else None,
                spoken_at=spoken.at if spoken else None,
                confirm_by=spoken.confirm_by if spoken else None,
                signature_sha256=line.signature_sha256,
            )
        )

    def find(self, name: str) -> Consent | None:
        """Give a consent as its log leaves it now."""
        return self._newest(_BY_NAME, name)

    def of_disclosure(self, name: str) -> Consent | None:
        """Give the consent that a disclosure needs, if it was asked for: the newest one counts."""
        return self._newest(_BY_DISCLOSURE, name)

    def about_the_same(self, asked: Asked) -> list[Consent]:
        """Give the consents that a new one about the same takes the place of."""
        query = select(consents).where(
            or_(
                consents.c.disclosure == asked.disclosure,
                and_(
                    consents.c.student == asked.student,
                    consents.c.recipient == asked.recipient,
                    consents.c.purpose == asked.purpose,
                ),
            )
        )
        found = self._with_logs(self.connection.execute(query).all())
        return [each for each in found if each.asked.is_about_the_same(asked)]

    def trusted_contacts_of(self, student: str) -> list[Consent]:
        """Give what a student was asked about people to turn to under ground i (R33)."""
        query = select(consents).where(
            consents.c.student == student, consents.c.purpose == str(Kind.TRUSTED_CONTACT)
        )
        return self._with_logs(self.connection.execute(query).all())

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
        """Give consents whose time is over and whose end nobody has noted yet."""
        event = consent_events.c
        this = event.consent == consents.c.consent
        ended = exists().where(this, event.state.in_([str(each) for each in _ENDED]))
        confirmed = exists().where(this, event.state == str(Happening.CONFIRMED))
        spoken = (
            select(func.min(event.confirm_by)).where(this).correlate(consents).scalar_subquery()
        )
        query = (
            select(consents)
            .where(~ended, or_(consents.c.ends_at <= now, and_(spoken <= now, ~confirmed)))
            .limit(count)
        )
        return self._with_logs(self.connection.execute(query).all())

    def _newest(self, query: Select[Any], name: str) -> Consent | None:
        rows = self.connection.execute(query, {"name": name}).all()
        if not rows:
            return None
        log = [_happened(row) for row in rows if row.state is not None]
        return Consent.after(_asked(rows[0]), log)

    def _with_logs(self, rows: Sequence[Row[Any]]) -> list[Consent]:
        logs: dict[str, list[Happened]] = {row.consent: [] for row in rows}
        query: Select[Any] = (
            select(consent_events.c.consent, *_LINE)
            .where(consent_events.c.consent.in_(list(logs)))
            .order_by(consent_events.c.position)
        )
        for event in self.connection.execute(query):
            logs[event.consent].append(_happened(event))
        return [Consent.after(_asked(row), logs[row.consent]) for row in rows]


def _asked(row: Row[Any]) -> Asked:
    said = {name: row._mapping[name] for name in consents.c.keys()}  # noqa: SIM118
    return Asked(**said | {"items": frozenset(row.items)})


def _happened(row: Row[Any]) -> Happened:
    spoken = None
    if row.confirm_by is not None:
        spoken = Spoken(
            manner=row.manner, place=row.place, at=row.spoken_at, confirm_by=row.confirm_by
        )
    return Happened(
        what=Happening(row.state),
        at=row.at,
        ledger_index=row.noted_in,
        by=row.actor,
        text_sha256=row.text_seen,
        act=row.act,
        spoken=spoken,
        signature_sha256=row.signature_sha256,
    )
