"""Where staff members are written to, each sealed by identity for the worker that sends mails."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.storage.tables import staff_addresses


@attrs.frozen
class StaffAddress:
    """Where one staff member is written to, until their role ends."""

    staff_member: str
    version: int
    """Grows with each change, so that one which arrives late changes nothing."""
    sealed: str = attrs.field(repr=False)
    """Empty for nowhere."""
    ends_at: datetime


@attrs.frozen
class StaffAddresses:
    """The table of addresses; the newest of each person."""

    connection: sa.Connection

    def note(self, told: StaffAddress) -> None:
        """Keep what was told, unless something newer is known."""
        row = insert(staff_addresses).values(attrs.asdict(told))
        newer = row.on_conflict_do_update(
            index_elements=["staff_member"],
            set_={key: row.excluded[key] for key in ("version", "sealed", "ends_at")},
            where=staff_addresses.c.version < row.excluded.version,
        )
        self.connection.execute(newer)

    def sealed(self, staff_member: str, now: datetime) -> str:
        """Give where somebody is written to, sealed; empty for nowhere, or after their role."""
        c = staff_addresses.c
        query = sa.select(c.sealed).where(c.staff_member == staff_member, c.ends_at > now)
        return self.connection.execute(query).scalar_one_or_none() or ""

    def forget(self, now: datetime) -> None:
        """Forget the addresses of those whose role has ended."""
        c = staff_addresses.c
        self.connection.execute(
            sa.update(staff_addresses).where(c.ends_at <= now, c.sealed != "").values(sealed="")
        )
