"""
What walls stand around, as PostgreSQL knows it.

A wall is around a record, or around a student and so around all that is about them. Around a case
stands also what is around the enquiry that it grew from, and the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection, and_, case, exists, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import array

from services.consent.storage.tables import breach_facts, records, wall_lifts, walls

STANDING = ~exists().where(wall_lifts.c.wall == walls.c.wall)
"""Walls that nobody has taken down."""

INVOLVED = case(
    (
        records.c.kind == "breach",
        select(breach_facts.c.recorded_by)
        .where(breach_facts.c.breach == func.replace(records.c.record, "records/", "breaches/"))
        .order_by(breach_facts.c.position)
        .limit(1)
        .scalar_subquery(),
    ),
    else_="",
)
"""Who began a breach, by the row of its record; empty for every other record."""

_HIDDEN = text("""
    with recursive standing as (
        select record, student, declared_by = staff_member as aside from walls
        where staff_member = :who and wall not in (select wall from wall_lifts)
    ), hidden (record, parent, aside) as (
        select r.record, r.parent, s.aside from records r
        join standing s on s.record = r.record or (s.student = r.student and r.student <> '')
        union
        select r.record, r.parent, h.aside from records r
        join hidden h on r.parent = h.record or (r.record = h.parent and r.kind = 'enquiry')
    )
    select h.record, r.kind, r.student, bool_or(h.aside) as aside
    from hidden h join records r on r.record = h.record
    group by h.record, r.kind, r.student
""")
"""All records behind the walls of one staff member, and whether by a wall of their own making."""


@attrs.frozen
class OwnWalls:
    """What is not there for one staff member."""

    records: frozenset[str] = frozenset()
    students: frozenset[str] = frozenset()


@attrs.frozen
class StandingWall:
    """A wall that nobody has taken down."""

    name: str
    staff_member: str
    record: str
    student: str
    declared_by: str
    declared_at: datetime


@attrs.frozen
class Walls:
    """The walls, by whom or what they are around."""

    connection: Connection

    def of(self, who: str) -> OwnWalls:
        """Give what is not there for a staff member; one question if no wall is about them."""
        standing = select(walls.c.student).where(walls.c.staff_member == who, STANDING)
        around = set(self.connection.scalars(standing))
        if not around:
            return OwnWalls()
        rows = self.connection.execute(_HIDDEN, {"who": who}).all()
        theirs = {row.record for row in rows if row.kind == "breach" and not row.aside}
        hidden = {row.record for row in rows} - self._begun_by(who, theirs)
        seen = {row.student for row in rows if row.kind == "case"}
        return OwnWalls(
            frozenset(hidden), frozenset(around - {""} | self._without_other_cases(seen, hidden))
        )

    def standing(
        self, *, declared_by: str | None, without: OwnWalls, after: str | None, count: int
    ) -> list[StandingWall]:
        """
        List walls that stand, the oldest first.

        Args:
            declared_by: who put them up; None for everybody's.
            without: what none of them may be around.
            after: the wall at which the last page ended.
            count: how many at the most.
        """
        c = walls.c
        order = tuple_(c.declared_at, c.wall)
        of_record = select(records.c.student).where(records.c.record == c.record).scalar_subquery()
        query = (
            select(c.wall, c.staff_member, c.record, c.student, c.declared_by, c.declared_at)
            .where(
                STANDING,
                c.record.not_in(without.records),
                c.student.not_in(without.students),
                func.coalesce(of_record, "").not_in(without.students),
            )
            .order_by(c.declared_at, c.wall)
            .limit(count)
        )
        if declared_by is not None:
            query = query.where(c.declared_by == declared_by)
        if after is not None:
            last = select(c.declared_at, c.wall).where(c.wall == after).correlate(None)
            query = query.where(order > last.scalar_subquery())
        return [StandingWall(*row) for row in self.connection.execute(query)]

    def around_student(self, student: str) -> frozenset[str]:
        """Give who is walled off from a student as a whole."""
        query = select(walls.c.staff_member).where(walls.c.student == student, STANDING)
        return frozenset(self.connection.scalars(query))

    def around_any_of(self, students: Sequence[str]) -> frozenset[str]:
        """Give who is walled off from one of these students, or from anything about them."""
        about = select(func.unnest(array([records.c.record, records.c.parent]))).where(
            records.c.student.in_(students)
        )
        around_it = and_(walls.c.record != "", walls.c.record.in_(about))
        query = select(walls.c.staff_member).where(
            or_(walls.c.student.in_(students), around_it), STANDING
        )
        return frozenset(self.connection.scalars(query))

    def _begun_by(self, who: str, breaches: Collection[str]) -> set[str]:
        query = select(records.c.record).where(
            records.c.record.in_(breaches), INVOLVED.is_not_distinct_from(who)
        )
        return set(self.connection.scalars(query)) if breaches else set()

    def _without_other_cases(self, students: Collection[str], hidden: Collection[str]) -> set[str]:
        """Give those of these students who have no case but hidden ones."""
        others = select(records.c.student).where(
            records.c.student.in_(students),
            records.c.kind == "case",
            records.c.record.not_in(hidden),
        )
        return set(students) - set(self.connection.scalars(others)) - {""}
