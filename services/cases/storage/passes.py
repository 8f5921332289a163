"""Passes of the gate that were used: each opens the door once."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.storage.tables import passes_used


@attrs.frozen
class UsedPasses:
    """The passes that opened the door."""

    connection: sa.Connection

    def use(self, decision: str, now: datetime) -> bool:
        """Use a pass of the gate; False if it was used before."""
        used = self.connection.execute(
            insert(passes_used)
            .values(decision=decision, at=now)
            .on_conflict_do_nothing()
            .returning(passes_used.c.decision)
        )
        return used.one_or_none() is not None

    def forget(self, before: datetime) -> None:
        """Forget passes that are too old to be used at all."""
        self.connection.execute(sa.delete(passes_used).where(passes_used.c.at < before))
