"""Case notes: added, never changed (the database role may not change them either)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.names import name_of, record_of
from services.cases.domain.notes import Note
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import notes

_PLAIN = (
    notes.c.id,
    notes.c.case_id,
    notes.c.author,
    notes.c.created_at,
    notes.c.contact_date,
    notes.c.corrects,
    notes.c.complete,
)

_SEALED = sa.select(*_PLAIN, notes.c.wrapped_key, notes.c.sealed).where(
    notes.c.id == sa.bindparam("id")
)
"""Asked for every reading, so it is put together once."""


@attrs.frozen
class Notes:
    """The store of case notes."""

    connection: sa.Connection

    def add(self, note: Note, sealed: SealedItem) -> bool:
        """Keep a new note; False if it is there already, by an earlier try of the same request."""
        added = self.connection.execute(
            insert(notes)
            .values(
                **attrs.asdict(note),
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(notes.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Note | None:
        """Give one note, without words."""
        row = self.connection.execute(sa.select(*_PLAIN).where(notes.c.id == id_)).one_or_none()
        return Note(**row._mapping) if row else None

    def find_sealed(self, id_: str | None) -> tuple[Note | None, SealedItem | None]:
        """Give one note and its sealed words; these are None when its record was disposed of."""
        row = self.connection.execute(_SEALED, {"id": id_}).one_or_none()
        if row is None:
            return None, None
        *plain, wrapped_key, sealed = row
        note = Note(*plain)
        item = one_field(record_of(note.case_id), name_of("notes", note.id), wrapped_key, sealed)
        return note, item

    def page(self, case_id: str, size: int, last: tuple[datetime, str] | None) -> Sequence[Note]:
        """Give a page of a case's notes, newest first."""
        query = (
            sa.select(*_PLAIN)
            .where(notes.c.case_id == case_id)
            .order_by(notes.c.created_at.desc(), notes.c.id.desc())
            .limit(size)
        )
        if last is not None:
            query = query.where(after(notes.c.created_at, notes.c.id, last))
        return [Note(**row._mapping) for row in self.connection.execute(query)]
