"""Third parties, sealed: that the Service knows a tutor or a doctor at all is confidential."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa

from services.identity.domain.records import Sealed
from services.identity.storage.tables import third_parties


@attrs.frozen
class ThirdParties:
    """The store of third parties."""

    connection: sa.Connection

    def add(self, id_: str, kind: int, details: Sealed, now: datetime) -> None:
        """Keep a new third party."""
        self.connection.execute(
            sa.insert(third_parties).values(
                id=id_,
                kind=kind,
                wrapped_key=details.wrapped_key,
                sealed=details.sealed,
                create_time=now,
            )
        )

    def find(self, id_: str) -> tuple[int, Sealed] | None:
        """Return the kind and the sealed details of one third party, if there is such a one."""
        row = self.connection.execute(
            sa.select(
                third_parties.c.kind, third_parties.c.wrapped_key, third_parties.c.sealed
            ).where(third_parties.c.id == id_)
        ).one_or_none()
        return (row.kind, Sealed(row.wrapped_key, row.sealed, 1)) if row else None
