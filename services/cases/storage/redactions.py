"""Redactions: added, never changed. The marks are sealed, since they hold the hidden words."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.names import id_of, record_of
from services.cases.domain.redaction import Redaction
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import redactions

_PLAIN = (
    redactions.c.id,
    redactions.c.case_id,
    redactions.c.item,
    redactions.c.author,
    redactions.c.created_at,
)


@attrs.frozen
class Redactions:
    """The store of redactions."""

    connection: sa.Connection

    def add(self, redaction: Redaction, sealed: SealedItem) -> bool:
        """Keep a new redaction; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(redactions)
            .values(
                **attrs.asdict(redaction),
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(redactions.c.id)
        )
        return added.one_or_none() is not None

    def find(self, name: str) -> Redaction | None:
        """Give one redaction, without marks."""
        item, _, id_ = name.partition("/redactions/")
        query = sa.select(*_PLAIN).where(
            redactions.c.id == id_of(f"redactions/{id_}", "redactions"),
            redactions.c.item == item,
        )
        row = self.connection.execute(query).one_or_none()
        return Redaction(**row._mapping) if row else None

    def marked(self, items: Iterable[str]) -> list[str]:
        """Give those of *items* in which something is marked."""
        query = sa.select(redactions.c.item).where(redactions.c.item.in_(list(items))).distinct()
        return list(self.connection.execute(query).scalars())

    def sealed(self, redaction: Redaction) -> SealedItem | None:
        """Give the sealed marks; None when the record was disposed of."""
        c = redactions.c
        query = sa.select(c.wrapped_key, c.sealed).where(c.id == redaction.id)
        row = self.connection.execute(query).one()
        return one_field(record_of(redaction.case_id), redaction.name, *row)
