"""Copies for access requests: added, never changed. File and particulars share one data key."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.access_copies import AccessCopy
from services.cases.domain.names import id_of, name_of, record_of
from services.cases.storage.sealed import WORDS, SealedItem
from services.cases.storage.tables import access_copies, access_requests

CONTENT = "content"

_c = access_copies.c
_SELECT = sa.select(
    _c.id,
    _c.request_id,
    access_requests.c.student_id,
    _c.case_id,
    _c["items"],
    _c.redactions,
    _c.left_out,
    _c.payload_digest,
).join(access_requests, access_requests.c.id == _c.request_id)


@attrs.frozen
class AccessCopies:
    """The store of copies."""

    connection: sa.Connection

    def add(
        self, copy: AccessCopy, sealed: SealedItem, salt: bytes, author: str, created_at: datetime
    ) -> bool:
        """Keep a new copy; False if it is there already, by an earlier try."""
        added = self.connection.execute(
            insert(access_copies)
            .values(
                id=copy.id,
                request_id=id_of(copy.request, "accessRequests"),
                case_id=copy.case_id,
                items=copy.items,
                redactions=copy.redactions,
                left_out=copy.left_out,
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                content_sealed=sealed.ciphertexts[CONTENT],
                payload_salt=salt,
                payload_digest=copy.payload_digest,
            )
            .on_conflict_do_nothing()
            .returning(_c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> AccessCopy | None:
        """Give one copy, without words."""
        row = self.connection.execute(_SELECT.where(_c.id == id_)).one_or_none()
        if row is None:
            return None
        return AccessCopy(
            id=row.id,
            request=name_of("accessRequests", row.request_id),
            student=name_of("students", row.student_id),
            case_id=row.case_id,
            items=row._mapping["items"],
            redactions=row.redactions,
            left_out=row.left_out,
            payload_digest=row.payload_digest or "",
        )

    def sealed(self, copy: AccessCopy) -> tuple[SealedItem, bytes] | None:
        """Give what is sealed of a copy, and its salt; None when the case was disposed of."""
        query = sa.select(_c.wrapped_key, _c.sealed, _c.content_sealed, _c.payload_salt)
        row = self.connection.execute(query.where(_c.id == copy.id)).one()
        if row.wrapped_key is None:
            return None
        sealed = SealedItem(
            record=record_of(copy.case_id),
            item=copy.name,
            wrapped_key=row.wrapped_key,
            ciphertexts={WORDS: row.sealed, CONTENT: row.content_sealed},
        )
        return sealed, row.payload_salt
