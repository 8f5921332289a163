"""Questions about walls, disposal, reports, and about decisions themselves."""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.decision import Fact, Question, person
from services.consent.domain.facts import AccessList, Record, Report, WallList, Who
from services.consent.policies.questions.facts import (
    milliseconds,
)


def to_dispose(who: Who, record: Record, dispose_from: datetime, now: datetime) -> Question:
    """May *record* be disposed of?"""
    context = {"now": milliseconds(now), "dispose_from": milliseconds(dispose_from)}
    return Question(who, "record:dispose", record, context)


def to_wall(who: Who, action: str, record: Record, staff_member: str) -> Question:
    """May *who* put up (`wall:declare`) or take down (`wall:lift`) this wall?"""
    return Question(who, action, record, {"staff_member": person(staff_member)})


def to_list_walls(who: Who, *, everybodys: bool) -> Question:
    """May *who* see the walls that stand: everybody's, or those they put up?"""
    return Question(who, "wall:list", WallList(who.name), {"everybodys": everybodys})


def to_check(who: Who, walled: frozenset[str]) -> Question:
    """Does a wall stand between *who* and what they are about to take on?"""
    return Question(who, "conflict:check", Record("", walled=walled))


def to_freeze(who: Who, report: str) -> Question:
    """May *who* freeze a report for release?"""
    return Question(who, "report:freeze", Report(report))


def to_publish(who: Who, report: str, frozen_for: str) -> Question:
    """
    May *who* let a report leave the Service?

    Args:
        who: the caller.
        report: its name.
        frozen_for: what it was frozen for, as the ledger says; empty if it was not.
    """
    context: dict[str, Fact] = {"frozen_for": frozen_for} if frozen_for else {}
    return Question(who, "report:publish", Report(report), context)


def to_list_accesses(who: Who) -> Question:
    """May *who* see who has seen their own records?"""
    return Question(who, "access_list:read", AccessList(who.name))


def to_explain(who: Who, record: Record, whose: str | None) -> Question:
    """
    May *who* know why something was decided so?

    Args:
        who: the caller.
        record: what was decided about.
        whose: for whom it was decided; None when there is no such decision.
    """
    of = {} if whose is None else {"of": person(whose)}
    return Question(who, "decision:explain", record, of)


def to_foresee(who: Who, record: Record, whose: str) -> Question:
    """May *who* know how it would be decided for *whose*, about this record?"""
    return Question(who, "decision:foresee", record, {"of": person(whose)})
