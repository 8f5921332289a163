"""What witnesses have signed, and where each stands."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from services.consent.domain.ledger.cosignature import Cosignature
from services.consent.domain.witnesses import Heard, Witness
from services.consent.storage.tables import checkpoints, cosignatures, witnesses


@attrs.frozen
class Witnesses:
    """The tables of the witnesses."""

    connection: Connection

    def all(self) -> list[Witness]:
        """Give every witness that was ever asked, and what came of it."""
        return [
            Witness(row.witness, row.size, row.cosigned_at, row.asked_at, Heard(row.heard))
            for row in self.connection.execute(select(witnesses).order_by(witnesses.c.witness))
        ]

    def find(self, name: str) -> Witness | None:
        """Give one."""
        return next((each for each in self.all() if each.name == name), None)

    def note(self, witness: Witness) -> None:
        """Note where a witness stands now."""
        found = attrs.asdict(witness)
        name = found.pop("name")
        row = upsert(witnesses).values(witness=name, **found)
        self.connection.execute(
            row.on_conflict_do_update(index_elements=[witnesses.c.witness], set_=found)
        )

    def newest_line(self, name: str, size: int) -> datetime | None:
        """Give when a witness last signed at this size, of what is kept."""
        query = (
            select(cosignatures.c.cosigned_at)
            .where(cosignatures.c.witness == name, cosignatures.c.size == size)
            .order_by(cosignatures.c.cosigned_at.desc())
            .limit(1)
        )
        found: datetime | None = self.connection.scalar(query)
        return found

    def keep(self, name: str, size: int, signed: Cosignature) -> None:
        """Keep a witness's line under a checkpoint."""
        row = {"witness": name, "size": size, "cosigned_at": signed.at, "line": signed.line}
        self.connection.execute(upsert(cosignatures).values(row).on_conflict_do_nothing())

    def under(self, size: int, note: str) -> str:
        """Give the checkpoint of this size with the newest line of each witness, if there is."""
        query = (
            select(cosignatures.c.line)
            .ext(distinct_on(cosignatures.c.witness))
            .where(cosignatures.c.size == size)
            .order_by(cosignatures.c.witness, cosignatures.c.cosigned_at.desc())
        )
        return note + "".join(self.connection.scalars(query))

    def newest(self, above: int = -1) -> tuple[int, str] | None:
        """
        Give the largest checkpoint with a witness's line, and its size.

        Args:
            above: only if it is larger than this; so it has the entry at that place.
        """
        query = (
            select(checkpoints.c.size, checkpoints.c.note)
            .join(cosignatures, cosignatures.c.size == checkpoints.c.size)
            .where(checkpoints.c.size > above)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        )
        found = self.connection.execute(query).first()
        return None if found is None else (found.size, self.under(found.size, found.note))
