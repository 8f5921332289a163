"""Requests for the name behind a line: codes in clear, words sealed in a record of their own."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.name_requests import NameRequest, Part
from services.cases.domain.names import name_of
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import name_request_words, name_requests


@attrs.frozen
class SealedStatement:
    """What somebody said, sealed."""

    part: Part
    author: str
    said_at: datetime
    sealed: SealedItem


@attrs.frozen
class NameRequests:
    """The store of requests. What is said counts once consent has it in the ledger."""

    connection: sa.Connection

    def add(self, request: NameRequest, created_at: datetime) -> None:
        """Keep a request that does not count yet, unless it is there by an earlier try."""
        self.connection.execute(
            insert(name_requests)
            .values(id=request.id, student=request.student, created_at=created_at)
            .on_conflict_do_nothing()
        )

    def find(self, id_: str | None) -> NameRequest | None:
        """Give one request."""
        c = name_requests.c
        row = self.connection.execute(sa.select(c.id, c.student).where(c.id == id_)).one_or_none()
        return NameRequest(*row) if row else None

    def goes_with(self, request: NameRequest, record: str) -> None:
        """Note the record that the line is about, which consent has told; now it counts."""
        c = name_requests.c
        self.connection.execute(
            sa.update(name_requests).where(c.id == request.id).values(about_record=record)
        )

    def left_of(self, student: str) -> list[str]:
        """Give the ids of a student's requests that count and are not disposed of."""
        c, words = name_requests.c, name_request_words.c
        sealed = sa.select(words.name_request_id).where(words.sealed.is_not(None))
        query = sa.select(c.id).where(c.student == student, c.about_record != "", c.id.in_(sealed))
        return list(self.connection.scalars(query.order_by(c.id)))

    # Words

    def keep_words(
        self,
        request: NameRequest,
        part: Part,
        id_: str,
        sealed: SealedItem,
        *,
        salt: bytes,
        digest: str,
        author: str,
        said_at: datetime,
    ) -> None:
        """Keep what somebody said, which does not count yet, unless it is there already."""
        self.connection.execute(
            insert(name_request_words)
            .values(
                name_request_id=request.id,
                part=part,
                id=id_,
                author=author,
                said_at=said_at,
                counts=False,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                salt=salt,
                digest=digest,
            )
            .on_conflict_do_nothing()
        )

    def digest_of(self, request: NameRequest, part: Part, id_: str) -> str | None:
        """Give the digest of what was said; None if it is not here."""
        c = name_request_words.c
        query = sa.select(c.digest).where(self._one(request, part, id_))
        found: str | None = self.connection.scalar(query)
        return found

    def count_words(self, request: NameRequest, part: Part, id_: str) -> None:
        """Let what was said count."""
        self.connection.execute(
            sa.update(name_request_words).where(self._one(request, part, id_)).values(counts=True)
        )

    def sealed(self, request: NameRequest) -> list[SealedStatement]:
        """Give all that counts, sealed, the oldest first; nothing once it was disposed of."""
        c = name_request_words.c
        rows = self.connection.execute(
            sa.select(c.part, c.id, c.author, c.said_at, c.wrapped_key, c.sealed)
            .where(c.name_request_id == request.id, c.counts)
            .order_by(c.said_at, c.id)
        )
        found = []
        for row in rows:
            part = Part(row.part)
            sealed = one_field(request.record, name_of(part, row.id), row.wrapped_key, row.sealed)
            if sealed is not None:
                found.append(SealedStatement(part, row.author, row.said_at, sealed))
        return found

    @staticmethod
    def _one(request: NameRequest, part: Part, id_: str) -> sa.ColumnElement[bool]:
        c = name_request_words.c
        return sa.and_(c.name_request_id == request.id, c.part == part, c.id == id_)
