"""The roles of staff members, as identity has told them."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.consent.domain.staff import MANAGER, StaffRole
from services.consent.domain.tasks import Team
from services.consent.storage.tables import staff_roles


@attrs.frozen
class Staff:
    """The table of roles; the newest of each person."""

    connection: Connection

    def note(self, told: StaffRole) -> None:
        """Keep what was told, unless something newer is known."""
        row = insert(staff_roles).values(attrs.asdict(told))
        newer = row.on_conflict_do_update(
            index_elements=["staff_member"],
            set_={key: row.excluded[key] for key in ("version", "role", "begins_at", "ends_at")},
            where=staff_roles.c.version < row.excluded.version,
        )
        self.connection.execute(newer)

    def is_of_the_service(self, name: str, now: datetime) -> bool:
        """Whether somebody is of the team at *now*; nobody is of whom we were not told."""
        query = select(staff_roles).where(staff_roles.c.staff_member == name)
        row = self.connection.execute(query).one_or_none()
        return row is not None and StaffRole(**row._mapping).of_the_service(now)

    def team(self, now: datetime) -> Team:
        """Give everybody who is of the team at *now*."""
        rows = self.connection.execute(select(staff_roles))
        told = [StaffRole(**row._mapping) for row in rows]
        of_it = [each for each in told if each.of_the_service(now)]
        return Team(
            frozenset(each.staff_member for each in of_it),
            frozenset(each.staff_member for each in of_it if each.role == MANAGER),
        )
