"""Walls: a conflict of interest between a staff member and a record (R10)."""

from __future__ import annotations

from common.errors import NotAvailable
from common.requests import earlier_result, remember_request
from services.consent.actions.deciding import Line, decide
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Record, Who
from services.consent.domain.names import new_name
from services.consent.policies import questions
from services.consent.storage.records import Wall

_METHOD = "DeclareWall"


def declare_wall(
    parts: Parts, who: Who, *, staff_member: str, record: str, request_id: str
) -> Wall:
    """
    Put a wall between a staff member (oneself if not said) and a record. It works at once.

    Raises:
        NotAvailable: they may not know, or there is no such record.
        RefusedByPolicy: with every reason.
        RequestIdReused: this id was used for another call.
    """
    between = staff_member or who.name
    with parts.new_work() as work:
        earlier = earlier_result(work.connection, request_id, who.name, _METHOD)
        if earlier is not None and (wall := work.records.wall(earlier)) is not None:
            return wall
        work.locks.hold(record)
        now = parts.clock()
        question = questions.to_wall(who, "wall:declare", work.records.load(record), between)
        recorded = decide(parts, work, question, Line(details={"between": between}), now)
        standing = work.records.standing_wall(between, record)
        wall = standing or Wall(new_name("walls"), between, record, lifted=False)
        if recorded.allowed:
            if standing is None:
                work.records.put_up(wall, who.name, now, recorded.index)
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
    with parts.new_work() as work:
        wall = work.records.wall(name)
        record = Record("")
        if wall is not None:
            work.locks.hold(wall.record)
            record = work.records.load(wall.record)
        now = parts.clock()
        between = wall.staff_member if wall else who.name
        question = questions.to_wall(who, "wall:lift", record, between)
        recorded = decide(parts, work, question, Line(about=name), now)
        if recorded.allowed:
            work.records.take_down(name, who.name, now, recorded.index)
        work.commit()
    recorded.or_refuse()
    if wall is None:
        raise NotAvailable
    return Wall(wall.name, wall.staff_member, wall.record, lifted=True)
