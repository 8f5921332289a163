"""Breaches of confidentiality: codes in clear, words sealed in versions that are only added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.breaches import Breach, Recipient, StudentFirst
from services.cases.domain.states import BreachState
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import breach_told, breach_words, breaches

_PLAIN = (
    breaches.c.id,
    breaches.c.case_id,
    breaches.c.state,
    breaches.c.ground,
    breaches.c.serious,
    breaches.c.imminent,
    breaches.c.whose_safety,
    breaches.c.student_first,
    breaches.c.recipients,
    breaches.c.parts,
    breaches.c.version,
)


@attrs.frozen
class StoredTold:
    """One thing told, as it is stored."""

    id: str
    recipient: str
    told_at: datetime
    digest: str
    authorised: bool


@attrs.frozen
class Breaches:
    """The store of breaches."""

    connection: sa.Connection

    def add(self, breach: Breach, author: str, created_at: datetime) -> bool:
        """Keep a new breach; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(breaches)
            .values(
                id=breach.id,
                case_id=breach.case_id,
                author=author,
                created_at=created_at,
                **_changeable(breach),
            )
            .on_conflict_do_nothing()
            .returning(breaches.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Breach | None:
        """Give one breach, without words."""
        row = (
            self.connection.execute(sa.select(*_PLAIN).where(breaches.c.id == id_))
            .mappings()
            .one_or_none()
        )
        return _breach(row) if row else None

    def hold(self, id_: str | None) -> Breach | None:
        """Give one breach and keep everybody else from changing it until this work ends."""
        query = sa.select(*_PLAIN).where(breaches.c.id == id_).with_for_update()
        row = self.connection.execute(query).mappings().one_or_none()
        return _breach(row) if row else None

    def change(self, breach: Breach) -> Breach:
        """Keep a breach as it is now; it must be held. Gives it with its new version."""
        changed = attrs.evolve(breach, version=breach.version + 1)
        self.connection.execute(
            sa.update(breaches).where(breaches.c.id == breach.id).values(**_changeable(changed))
        )
        return changed

    def of_case(self, case_id: str) -> Sequence[str]:
        """Give the ids of a case's breaches."""
        query = sa.select(breaches.c.id).where(breaches.c.case_id == case_id)
        return self.connection.execute(query.order_by(breaches.c.id)).scalars().all()

    def next_number(self, breach: Breach) -> int:
        """Give the number of the next version of the words, from 1; the breach must be held."""
        query = sa.select(sa.func.coalesce(sa.func.max(breach_words.c.number), 0)).where(
            breach_words.c.breach_id == breach.id
        )
        last: int = self.connection.execute(query).scalar_one()
        return last + 1

    def words_digest(self, breach: Breach) -> bytes:
        """Give the digest of the newest version of the words, which covers all; empty if none."""
        query = (
            sa.select(breach_words.c.digest)
            .where(breach_words.c.breach_id == breach.id)
            .order_by(breach_words.c.number.desc())
            .limit(1)
        )
        return self.connection.execute(query).scalar_one_or_none() or b""

    def add_words(
        self,
        breach: Breach,
        number: int,
        sealed: SealedItem,
        *,
        salt: bytes,
        digest: bytes,
        author: str,
        created_at: datetime,
    ) -> None:
        """Add a version of the words."""
        self.connection.execute(
            sa.insert(breach_words).values(
                breach_id=breach.id,
                number=number,
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                salt=salt,
                digest=digest,
            )
        )

    def sealed_words(self, breach: Breach) -> list[SealedItem]:
        """Give all sealed versions of the words, the oldest first."""
        c = breach_words.c
        rows = self.connection.execute(
            sa.select(c.number, c.wrapped_key, c.sealed)
            .where(c.breach_id == breach.id)
            .order_by(c.number)
        )
        items = [
            one_field(breach.record, breach.words_item(number), wrapped_key, sealed)
            for number, wrapped_key, sealed in rows
        ]
        return [item for item in items if item is not None]

    def add_told(
        self,
        breach: Breach,
        told: StoredTold,
        sealed: SealedItem,
        *,
        salt: bytes,
        author: str,
        created_at: datetime,
    ) -> None:
        """Add something told; it counts once consent has it in the ledger."""
        self.connection.execute(
            insert(breach_told)
            .values(
                breach_id=breach.id,
                **attrs.asdict(told),
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                salt=salt,
            )
            .on_conflict_do_nothing()
        )

    def find_told(self, breach: Breach, told_id: str) -> StoredTold | None:
        """Give one thing told, without words."""
        c = breach_told.c
        row = self.connection.execute(
            sa.select(c.id, c.recipient, c.told_at, c.digest, c.authorised).where(
                c.breach_id == breach.id, c.id == told_id
            )
        ).one_or_none()
        return StoredTold(**row._mapping) if row else None

    def authorised(self, breach: Breach, told_id: str) -> None:
        """Mark that consent has it in the ledger."""
        self.connection.execute(
            sa.update(breach_told)
            .where(breach_told.c.breach_id == breach.id, breach_told.c.id == told_id)
            .values(authorised=True)
        )

    def sealed_told(self, breach: Breach) -> list[SealedItem]:
        """Give all that was told and is in the ledger, sealed, in the order it was told."""
        c = breach_told.c
        rows = self.connection.execute(
            sa.select(c.id, c.wrapped_key, c.sealed)
            .where(c.breach_id == breach.id, c.authorised)
            .order_by(c.told_at, c.created_at, c.id)
        )
        items = [
            one_field(breach.record, breach.told_item(told_id), wrapped_key, sealed)
            for told_id, wrapped_key, sealed in rows
        ]
        return [item for item in items if item is not None]


def _changeable(breach: Breach) -> dict[str, Any]:
    return {
        "state": breach.state,
        "ground": breach.ground,
        "serious": breach.serious,
        "imminent": breach.imminent,
        "whose_safety": breach.whose_safety,
        "student_first": breach.student_first.to_json() if breach.student_first else {},
        "recipients": [[each.third_party, each.kind] for each in breach.recipients],
        "parts": sorted(breach.parts),
        "version": breach.version,
    }


def _breach(row: sa.RowMapping) -> Breach:
    values = dict(row)
    return Breach(
        **{
            **values,
            "state": BreachState(values["state"]),
            "student_first": StudentFirst.from_json(values["student_first"]),
            "recipients": tuple(Recipient(*each) for each in values["recipients"]),
            "parts": frozenset(values["parts"]),
        }
    )
