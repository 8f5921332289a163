"""Documents: added, never changed. The file and its title are sealed under one data key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.documents import Document
from services.cases.domain.names import name_of, record_of
from services.cases.storage.paging import after
from services.cases.storage.sealed import SealedItem
from services.cases.storage.tables import documents

TITLE = "title"
CONTENT = "content"

_PLAIN = (
    documents.c.id,
    documents.c.case_id,
    documents.c.author,
    documents.c.created_at,
    documents.c.media_type,
    documents.c.size_bytes,
)


@attrs.frozen
class Documents:
    """The store of documents."""

    connection: sa.Connection

    def add(self, document: Document, sealed: SealedItem) -> bool:
        """Keep a new document; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(documents)
            .values(
                **attrs.asdict(document),
                wrapped_key=sealed.wrapped_key,
                title_sealed=sealed.ciphertexts[TITLE],
                content_sealed=sealed.ciphertexts[CONTENT],
            )
            .on_conflict_do_nothing()
            .returning(documents.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Document | None:
        """Give one document, without title or content."""
        query = sa.select(*_PLAIN).where(documents.c.id == id_)
        row = self.connection.execute(query).one_or_none()
        return Document(**row._mapping) if row else None

    def sealed(self, document: Document) -> SealedItem | None:
        """Give the sealed title and content; None when the record was disposed of."""
        c = documents.c
        query = sa.select(c.wrapped_key, c.title_sealed, c.content_sealed).where(
            c.id == document.id
        )
        wrapped_key, title, content = self.connection.execute(query).one()
        if wrapped_key is None:
            return None
        return SealedItem(
            record=record_of(document.case_id),
            item=name_of("documents", document.id),
            wrapped_key=wrapped_key,
            ciphertexts={TITLE: title, CONTENT: content},
        )

    def page(
        self, case_id: str, size: int, last: tuple[datetime, str] | None
    ) -> Sequence[Document]:
        """Give a page of a case's documents, newest first."""
        query = (
            sa.select(*_PLAIN)
            .where(documents.c.case_id == case_id)
            .order_by(documents.c.created_at.desc(), documents.c.id.desc())
            .limit(size)
        )
        if last is not None:
            query = query.where(after(documents.c.created_at, documents.c.id, last))
        return [Document(**row._mapping) for row in self.connection.execute(query)]
