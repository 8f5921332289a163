"""
Disposal: what is wiped here once a record's key is destroyed, and the list of what was disposed of.

The key is what counts: without it every copy, dump and backup of these rows is noise. Wiping the
rows as well leaves less to explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.names import name_of, record_of
from services.cases.domain.states import CaseState, DisclosureState, RecordKind
from services.cases.storage import tables
from services.cases.storage.disclosures import NO_LINK
from services.cases.storage.mails import Mails

_NOTHING_SEALED = {"wrapped_key": None, "sealed": None}


@attrs.frozen
class Disposal:
    """One line of the list."""

    record: str
    kind: str
    disposed_at: datetime


@attrs.frozen
class Disposals:
    """The append-only disposal list, and the wiping that goes with it."""

    connection: sa.Connection

    def add(self, record_id: str, kind: RecordKind, now: datetime) -> bool:
        """Put a record on the list; False if it is there."""
        added = self.connection.execute(
            insert(tables.disposals)
            .values(record=record_of(record_id), kind=kind, disposed_at=now)
            .on_conflict_do_nothing()
            .returning(tables.disposals.c.record)
        )
        return added.one_or_none() is not None

    def all(self) -> Sequence[Disposal]:
        """Give the whole list, the oldest first."""
        c = tables.disposals.c
        query = sa.select(c.record, c.kind, c.disposed_at).order_by(c.disposed_at, c.record)
        return [Disposal(**row._mapping) for row in self.connection.execute(query)]

    def wipe(self, record_id: str, kind: RecordKind) -> None:
        """Remove what is sealed in a record, and what could confirm a guess about it."""
        match kind:
            case RecordKind.CASE:
                self._wipe_case(record_id)
            case RecordKind.ENQUIRY:
                self._set(tables.enquiries, tables.enquiries.c.id == record_id, **_NOTHING_SEALED)
                Mails(self.connection).forget(name_of("enquiries", record_id))
            case RecordKind.BREACH:
                self._wipe_breach(record_id)
            case RecordKind.NAME_REQUEST:
                words = tables.name_request_words
                here = words.c.name_request_id == record_id
                self._set(words, here, salt=None, digest=None, **_NOTHING_SEALED)

    def _wipe_case(self, case_id: str) -> None:
        self._set(tables.notes, tables.notes.c.case_id == case_id, **_NOTHING_SEALED)
        happened, done = tables.incidents, tables.incident_decisions
        here = sa.select(happened.c.id).where(happened.c.case_id == case_id)
        self._set(done, done.c.incident_id.in_(here), **_NOTHING_SEALED)
        self._set(happened, happened.c.case_id == case_id, **_NOTHING_SEALED)
        self._set(
            tables.documents,
            tables.documents.c.case_id == case_id,
            wrapped_key=None,
            title_sealed=None,
            content_sealed=None,
            content_salt=None,
            content_digest=None,
        )
        disclosed = tables.disclosures.c
        query = sa.select(disclosed.id).where(disclosed.case_id == case_id).order_by(disclosed.id)
        for id_ in self.connection.scalars(query).all():
            Mails(self.connection).forget(name_of("disclosures", id_))
        self._set(
            tables.disclosures,
            disclosed.case_id == case_id,
            state=DisclosureState.ENDED,
            content_sealed=None,
            payload_salt=None,
            payload_digest=None,
            **NO_LINK,
            **_NOTHING_SEALED,
        )
        copies = tables.access_copies
        self._set(
            copies,
            copies.c.case_id == case_id,
            content_sealed=None,
            payload_salt=None,
            payload_digest=None,
            **_NOTHING_SEALED,
        )
        marks = tables.redactions
        self._set(marks, marks.c.case_id == case_id, **_NOTHING_SEALED)
        self._set(
            tables.contacts,
            tables.contacts.c.case_id == case_id,
            payload_salt=None,
            payload_digest=None,
            **_NOTHING_SEALED,
        )
        self._set(
            tables.cases,
            tables.cases.c.id == case_id,
            state=CaseState.DISPOSED,
            version=tables.cases.c.version + 1,
            topic_wrapped_key=None,
            topic_sealed=None,
            outcome_wrapped_key=None,
            outcome_sealed=None,
        )

    def _wipe_breach(self, breach_id: str) -> None:
        words, told, addenda = tables.breach_words, tables.breach_told, tables.breach_addenda
        self._set(words, words.c.breach_id == breach_id, salt=None, digest=None, **_NOTHING_SEALED)
        self._set(told, told.c.breach_id == breach_id, salt=None, digest=None, **_NOTHING_SEALED)
        self._set(
            addenda,
            addenda.c.breach_id == breach_id,
            salt=None,
            words_digest=None,
            digest=None,
            **_NOTHING_SEALED,
        )
        self._set(
            tables.breaches,
            tables.breaches.c.id == breach_id,
            ground="",
            whose_safety="",
            student_first={},
            recipients=[],
            parts=[],
        )

    def _set(self, table: sa.Table, which: sa.ColumnElement[bool], **values: object) -> None:
        self.connection.execute(sa.update(table).where(which).values(**values))
