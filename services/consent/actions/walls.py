"""Walls: a conflict of interest between a staff member and a record, or a student (R10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from common.errors import InvalidFields, NotAvailable
from common.requests import earlier_result, remember_request
from services.consent.actions.deciding import Asked, Line, decide, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Record, Who
from services.consent.domain.names import new_name
from services.consent.policies import questions
from services.consent.storage.records import Wall
from services.consent.storage.walls import OwnWalls, StandingWall
from services.consent.storage.work import Work

_METHOD = "DeclareWall"
_CONFLICT = frozenset({"conflict_of_interest"})


def declare_wall(
    parts: Parts,
    who: Who,
    *,
    staff_member: str,
    record: str = "",
    student: str = "",
    request_id: str,
) -> Wall:
    """
    Put a wall around a record or a student, for oneself or a colleague. It works at once.

    Raises:
        InvalidFields: it is around both.
        NotAvailable: they may not know, or there is no such record or student, or none is named.
        RefusedByPolicy: with every reason.
        RequestIdReused: this id was used for another call.
    """
    if record and student:
        raise InvalidFields({"record": "either a record or a student, and not both"})
    between = staff_member or who.name
    with parts.new_change() as work:
        earlier = earlier_result(work.connection, request_id, who.name, _METHOD)
        if earlier is not None and (wall := work.records.wall(earlier)) is not None:
            return wall
        around = _around(work, record, student)
        now = parts.clock()
        question = questions.to_wall(who, "wall:declare", around, between)
        recorded = decide(parts, work, question, Line(details={"between": between}), now)
        wall = Wall(new_name("walls"), between, record, lifted=False, student=student)
        standing = work.records.standing_wall(wall)
        if recorded.allowed:
            if standing is None:
                work.records.put_up(wall, who.name, now, recorded.index)
            wall = standing or wall
            remember_request(work.connection, request_id, who.name, _METHOD, wall.name)
        work.commit()
    recorded.or_refuse()
    return wall


def lift_wall(parts: Parts, who: Who, name: str) -> Wall:
    """
    Take down a wall. Doing it again changes nothing.

    Raises:
        NotAvailable: they may not know, or there is no such wall.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        wall = work.records.wall(name)
        around = _around(work, wall.record, wall.student) if wall else Record("")
        now = parts.clock()
        between = wall.staff_member if wall else who.name
        question = questions.to_wall(who, "wall:lift", around, between)
        recorded = decide(parts, work, question, Line(about=name), now)
        if recorded.allowed:
            work.records.take_down(name, who.name, now, recorded.index)
        work.commit()
    recorded.or_refuse()
    if wall is None:
        raise NotAvailable
    return attrs.evolve(wall, lifted=True)


def list_walls(
    parts: Parts, who: Who, *, everybodys: bool, after: str | None, count: int
) -> Sequence[StandingWall]:
    """
    List walls that stand, the oldest first: those the caller put up, or everybody's.

    A wall around what is behind one of the caller's own is not in it, whosever it is: it would
    tell them that there is something (R10). A colleague looks after those.

    Raises:
        NotAvailable: they are no staff of the Service.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
        RefusedByPolicy: everybody's, to an adviser.
    """
    found: list[StandingWall] = []

    def ask(work: Work, _: datetime) -> Asked:
        found[:] = work.walls.standing(
            declared_by=None if everybodys else who.name,
            without=work.walls.of(who.name),
            after=after,
            count=count,
        )
        whose = {"whose": "everybody" if everybodys else "own"}
        return questions.to_list_walls(who, everybodys=everybodys), Line(details=whose)

    decide_and_commit(parts, ask).or_refuse()
    return found


def own_walls(parts: Parts, who: Who) -> OwnWalls:
    """Give what is not there for the caller, for the services whose lists must not show it."""
    with parts.new_reads() as work:
        return work.walls.of(who.name)


def stands_in_the_way(
    parts: Parts, who: Who, *, records: Sequence[str], students: Sequence[str]
) -> bool:
    """
    Say whether the caller should pass this on to a colleague, before they look at it.

    A student, or a case, is passed on also when a wall is around another case only. The line
    in the ledger names what was asked about, so that asking around is seen.

    Raises:
        NotAvailable: they are no staff of the Service.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
    """

    def ask(work: Work, _: datetime) -> Asked:
        found = [work.records.find(each) for each in records]
        about = {*students, *(each.student for each in found)} - {""}
        walled = work.walls.around_any_of(sorted(about)).union(*(each.walled for each in found))
        return questions.to_check(who, walled), Line(items=tuple(sorted([*records, *students])))

    recorded = decide_and_commit(parts, ask)
    if recorded.decision.reasons == _CONFLICT:
        return True
    recorded.or_refuse()
    return False


def _around(work: Work, record: str, student: str) -> Record:
    """Give what a wall is around."""
    return work.records.find_student(student) if student else work.records.find(record)
