"""Records as consent knows them, and the walls around them."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import CTE, Connection, Text, bindparam, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from services.consent.domain.facts import Record
from services.consent.storage.tables import disposals, records, wall_lifts, walls

_DEEPEST = 4
"""A breach belongs to a case; nothing is deeper today. A bound, so that no chain is endless."""


def _around() -> CTE:
    """Give the names of a record and of all that it belongs to, with how far up each is."""
    itself = select(bindparam("name", type_=Text).label("record"), literal(1).label("height"))
    around = itself.cte("around", recursive=True)
    above = (
        select(records.c.parent, around.c.height + 1)
        .join(around, around.c.record == records.c.record)
        .where(records.c.parent != "", around.c.height < _DEEPEST)
    )
    return around.union_all(above)


_AROUND = _around()
_WALLED = (
    select(func.array_agg(walls.c.staff_member))
    .join(_AROUND, _AROUND.c.record == walls.c.record)
    .where(~exists().where(wall_lifts.c.wall == walls.c.wall))
    .scalar_subquery()
)
_RECORD = (
    select(records, disposals.c.disposed_at, _WALLED.label("walled"))
    .outerjoin(disposals, disposals.c.record == records.c.record)
    .where(records.c.record == bindparam("name"))
)
"""A record with all walls around it, in one round trip: decisions rest on it."""

_SHARE = select(
    func.pg_advisory_xact_lock_shared(func.hashtextextended(_AROUND.c.record, 0))
).order_by(_AROUND.c.height)


@attrs.frozen
class Wall:
    """A conflict of interest between a staff member and a record."""

    name: str
    staff_member: str
    record: str
    lifted: bool


@attrs.frozen
class Records:
    """The tables of records, disposals and walls."""

    connection: Connection

    def register(self, record: Record, at: datetime) -> Record:
        """Make *record* known, and give it as it was made known first."""
        self.connection.execute(
            insert(records)
            .values(
                record=record.name,
                kind=record.kind,
                student=record.student,
                parent=record.parent,
                registered_at=at,
            )
            .on_conflict_do_nothing()
        )
        return self.find(record.name)

    def find(self, name: str) -> Record:
        """
        Give a record with all its walls; one that nobody registered has no kind.

        A wall around a case stands around its breaches too.
        """
        row = self.connection.execute(_RECORD, {"name": name}).one_or_none()
        if row is None:
            return Record(name)
        return Record(
            name, row.kind, row.student, row.parent, row.disposed_at, frozenset(row.walled or ())
        )

    def load(self, name: str) -> Record:
        """
        Give a record with all its walls, for a transaction that changes facts about it.

        It, and what it belongs to, is shared until the end of the transaction: no wall goes up in
        between.
        """
        self.connection.execute(_SHARE, {"name": name})
        return self.find(name)

    def dispose(self, name: str, at: datetime) -> None:
        """Note that a record's key is destroyed. Doing it again does nothing."""
        row = {"record": name, "disposed_at": at}
        self.connection.execute(insert(disposals).values(row).on_conflict_do_nothing())

    # Walls

    def wall(self, name: str) -> Wall | None:
        """Give one wall."""
        query = (
            select(walls, wall_lifts.c.lifted_at)
            .outerjoin(wall_lifts, wall_lifts.c.wall == walls.c.wall)
            .where(walls.c.wall == name)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        return Wall(row.wall, row.staff_member, row.record, row.lifted_at is not None)

    def standing_wall(self, staff_member: str, record: str) -> Wall | None:
        """Give the wall that stands between these two, if there is one."""
        lifted = select(wall_lifts.c.wall)
        query = select(walls.c.wall).where(
            walls.c.staff_member == staff_member,
            walls.c.record == record,
            walls.c.wall.not_in(lifted),
        )
        found = self.connection.scalars(query).first()
        return None if found is None else Wall(found, staff_member, record, lifted=False)

    def put_up(self, wall: Wall, by: str, at: datetime, ledger_index: int) -> None:
        """Put up a wall."""
        self.connection.execute(
            insert(walls).values(
                wall=wall.name,
                staff_member=wall.staff_member,
                record=wall.record,
                declared_by=by,
                declared_at=at,
                ledger_index=ledger_index,
            )
        )

    def take_down(self, wall: str, by: str, at: datetime, ledger_index: int) -> None:
        """Take down a wall. Doing it again does nothing."""
        row = {"wall": wall, "lifted_by": by, "lifted_at": at, "ledger_index": ledger_index}
        self.connection.execute(insert(wall_lifts).values(row).on_conflict_do_nothing())
