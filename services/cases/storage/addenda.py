"""What was added to a breach after the decision: sealed, dated, each bound to all before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.breaches import Breach
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import breach_addenda


@attrs.frozen
class StoredAddendum:
    """One addendum, as it is stored."""

    id: str
    words_digest: bytes
    counts: bool
    """Whether consent has it in the ledger."""


@attrs.frozen
class SealedAddendum:
    """One addendum that counts, with its sealed words."""

    author: str
    added_at: datetime
    sealed: SealedItem


@attrs.frozen
class Addenda:
    """The store of addenda. One counts once consent has it in the ledger."""

    connection: sa.Connection

    def add(
        self,
        breach: Breach,
        addendum: StoredAddendum,
        sealed: SealedItem,
        *,
        salt: bytes,
        author: str,
        created_at: datetime,
    ) -> None:
        """Keep an addendum that does not count yet."""
        self.connection.execute(
            insert(breach_addenda)
            .values(
                breach_id=breach.id,
                id=addendum.id,
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                salt=salt,
                words_digest=addendum.words_digest,
            )
            .on_conflict_do_nothing()
        )

    def find(self, breach: Breach, id_: str) -> StoredAddendum | None:
        """Give one addendum, without words."""
        c = breach_addenda.c
        row = self.connection.execute(
            sa.select(c.id, c.words_digest, c.number.is_not(None)).where(
                c.breach_id == breach.id, c.id == id_
            )
        ).one_or_none()
        return StoredAddendum(*row) if row else None

    def last(self, breach: Breach) -> tuple[int, bytes] | None:
        """Give number and digest of the last addendum that counts; the breach must be held."""
        c = breach_addenda.c
        row = self.connection.execute(
            sa.select(c.number, c.digest)
            .where(c.breach_id == breach.id, c.number.is_not(None))
            .order_by(c.number.desc())
            .limit(1)
        ).one_or_none()
        return (row.number, row.digest or b"") if row else None

    def count(self, breach: Breach, id_: str, number: int, digest: bytes) -> None:
        """Let an addendum count, at its place in the chain."""
        c = breach_addenda.c
        self.connection.execute(
            sa.update(breach_addenda)
            .where(c.breach_id == breach.id, c.id == id_)
            .values(number=number, digest=digest)
        )

    def sealed(self, breach: Breach) -> Sequence[SealedAddendum]:
        """Give the addenda that count, sealed, the oldest first."""
        c = breach_addenda.c
        rows = self.connection.execute(
            sa.select(c.id, c.author, c.created_at, c.wrapped_key, c.sealed)
            .where(c.breach_id == breach.id, c.number.is_not(None))
            .order_by(c.number)
        )
        found = []
        for row in rows:
            item = breach.addendum_item(row.id)
            sealed = one_field(breach.record, item, row.wrapped_key, row.sealed)
            if sealed is not None:
                found.append(SealedAddendum(row.author, row.created_at, sealed))
        return found
