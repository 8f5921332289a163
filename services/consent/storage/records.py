"""Records as consent knows them, and the walls around them."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import CTE, Connection, Text, and_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.consent.domain.facts import Record
from services.consent.storage.tables import disposals, records, wall_lifts, walls
from services.consent.storage.walls import INVOLVED, STANDING, Walls

_DEEPEST = 4
"""
A breach belongs to a case, and that to the enquiry it grew from; nothing is deeper today. A bound,
so that no chain is endless.
"""


def _around() -> CTE:
    """
    Give the names of a record and of all whose walls stand around it, with how far off each is.

    These are what it belongs to, and for an enquiry the case that it became.
    """
    itself = select(bindparam("name", type_=Text).label("record"), literal(1).label("height")).cte(
        "around", recursive=True
    )
    here = records.alias("here")
    next_one = (
        select(records.c.record, itself.c.height + 1)
        .select_from(itself)
        .join(here, here.c.record == itself.c.record)
        .join(
            records,
            or_(
                records.c.record == here.c.parent,
                and_(records.c.parent == here.c.record, here.c.kind == "enquiry"),
            ),
        )
        .where(itself.c.height < _DEEPEST)
    )
    return itself.union_all(next_one)


_AROUND = _around()
_STUDENTS = (
    select(records.c.student)
    .join(_AROUND, _AROUND.c.record == records.c.record)
    .where(records.c.student != "")
)
_WALLED = select(func.array_agg(walls.c.staff_member)).where(
    or_(walls.c.record.in_(select(_AROUND.c.record)), walls.c.student.in_(_STUDENTS)), STANDING
)
_RECORD = (
    select(
        records,
        disposals.c.disposed_at,
        _WALLED.scalar_subquery().label("walled"),
        _WALLED.where(walls.c.declared_by == walls.c.staff_member)
        .scalar_subquery()
        .label("stepped_aside"),
        INVOLVED.label("involved"),
    )
    .outerjoin(disposals, disposals.c.record == records.c.record)
    .where(records.c.record == bindparam("name"))
)
"""A record with all walls around it, in one round trip: decisions rest on it."""

ABOUT_THE_PERSON = frozenset({"registration_form", "monitoring_form"})
"""Kinds of records that tell who somebody is, not why they came."""


@attrs.frozen
class Wall:
    """A conflict of interest between a staff member and a record."""

    name: str
    staff_member: str
    record: str
    """Empty if it is around a student, and so around all that is about them."""
    lifted: bool
    student: str = ""


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

        A wall around a case stands around its breaches too, and around the enquiry that it grew
        from; one around a student, around all that is about them; walls around each case of a
        student, around what tells who they are.
        """
        row = self.connection.execute(_RECORD, {"name": name}).one_or_none()
        if row is None:
            return Record(name)
        walled = frozenset(row.walled or ())
        if row.kind in ABOUT_THE_PERSON:
            walled |= self._walled_from_each_case_of(row.student)
        return Record(
            name,
            row.kind,
            row.student,
            row.parent,
            row.disposed_at,
            walled,
            frozenset(row.stepped_aside or ()),
            row.involved or "",
        )

    def find_student(self, name: str) -> Record:
        """Give what stands around a student as a whole, as if all their records were one."""
        known = self.connection.scalar(select(records.c.student).where(records.c.student == name))
        if known is None:
            return Record(name)
        walled = Walls(self.connection).around_student(name) | self._walled_from_each_case_of(name)
        return Record(name, "student", name, walled=walled)

    def _walled_from_each_case_of(self, student: str) -> frozenset[str]:
        """
        Give who is walled off from every case of a student, and so from the student.

        To them, a student without a case would be one whose case they may not see.
        """
        cases = select(records.c.record).where(
            records.c.student == student, records.c.kind == "case"
        )
        walled = [self.find(each).walled for each in self.connection.scalars(cases).all()]
        return frozenset[str].intersection(*walled) if walled else frozenset()

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
        lifted = row.lifted_at is not None
        return Wall(row.wall, row.staff_member, row.record, lifted, row.student)

    def standing_wall(self, like: Wall) -> Wall | None:
        """Give the wall that stands between the same two, if there is one."""
        query = select(walls.c.wall).where(
            walls.c.staff_member == like.staff_member,
            walls.c.record == like.record,
            walls.c.student == like.student,
            STANDING,
        )
        found = self.connection.scalars(query).first()
        return None if found is None else attrs.evolve(like, name=found)

    def put_up(self, wall: Wall, by: str, at: datetime, ledger_index: int) -> None:
        """Put up a wall."""
        self.connection.execute(
            insert(walls).values(
                wall=wall.name,
                staff_member=wall.staff_member,
                record=wall.record,
                student=wall.student,
                declared_by=by,
                declared_at=at,
                ledger_index=ledger_index,
            )
        )

    def take_down(self, wall: str, by: str, at: datetime, ledger_index: int) -> None:
        """Take down a wall. Doing it again does nothing."""
        row = {"wall": wall, "lifted_by": by, "lifted_at": at, "ledger_index": ledger_index}
        self.connection.execute(insert(wall_lifts).values(row).on_conflict_do_nothing())
