"""
Access requests: asked, entered, looked at; the clock; and their end (R24).

That somebody asks is no sign that there is anything about them, and whether there is, is not looked
up when they ask: so a student of ours and anybody else who can sign in get the same answer (R9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import structlog

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, SecondFactorNeeded, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after, read_day
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.access_requests import (
    AccessRequest,
    Event,
    Happening,
    Manner,
    Standing,
)
from services.cases.domain.days import contact_day
from services.cases.domain.names import id_of
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


def request_access(tools: Tools, who: Caller, *, request_id: str) -> Standing:
    """
    Ask, as a student, for a copy of what the Service holds about them.

    It is a message of theirs, so it moves their last involvement (R26).

    Raises:
        WrongState: they have asked before, and that request is not answered yet.
    """
    name = name_once(tools, who, "RequestAccess", request_id, "accessRequests")
    return _keep(tools, who, name, who.person, tools.today(), Manner.OWN_SESSION)


def enter_access_request(
    tools: Tools,
    who: Caller,
    student: str,
    *,
    manner: Manner,
    received_on: str,
    request_id: str,
) -> Standing:
    """
    Enter a request that a student made in another way. The month runs from the day they made it.

    Raises:
        InvalidFields: the day is none, or in the future.
        NotAvailable: there is no such student for the caller.
        WrongState: they have asked before, and that request is not answered yet.
    """
    day = read_day("received_on", lambda: contact_day(received_on, tools.today()))
    if tools.walls.hides(student):
        raise NotAvailable
    name = name_once(tools, who, "EnterAccessRequest", request_id, "accessRequests")
    return _keep(tools, who, name, student, day, manner)


def _keep(
    tools: Tools, who: Caller, name: str, student: str, received_on: date, manner: Manner
) -> Standing:
    with tools.begin() as work:
        if (there := work.access_requests.find(id_of(name, "accessRequests"))) is not None:
            return there
        # Held by it: of two that come at the same moment, one is first.
        work.cases.involve(student, received_on)
        if any(not each.ended for each in work.access_requests.of_student(student)):
            raise WrongState(
                "There is a request that is not answered yet: it is for all that there is."
            )
        request = AccessRequest(
            id=id_of(name, "accessRequests") or "",
            student=student,
            received_on=received_on,
            manner=manner,
            author=who.person,
            created_at=tools.now(),
        )
        work.access_requests.add(request)
        work.commit()
    log.info("access_requested", access_request=name, manner=str(manner))
    return get_access_request(tools, who, name)


def get_access_request(tools: Tools, who: Caller, name: str) -> Standing:
    """
    Give a request as it stands: to the student whose it is, and to staff of the Service.

    Raises:
        NotAvailable: there is no such request for the caller.
        SecondFactorNeeded: a staff member's session has none.
    """
    with _reading(tools, who) as work:
        found = work.access_requests.find(id_of(name, "accessRequests"))
    if found is None or not _may_know(who, found):
        raise NotAvailable
    return found


def list_access_requests(
    tools: Tools, who: Caller, *, asked: int, page_token: str
) -> tuple[Sequence[Standing], str]:
    """
    Give a student all of their own requests, and staff a page of the open ones, the oldest first.

    Raises:
        SecondFactorNeeded: a staff member's session has none.
    """
    size = page_size(asked)
    last = position_after(page_token, date.fromisoformat)
    with _reading(tools, who) as work:
        if who.kind == "student":
            return work.access_requests.of_student(who.person), ""
        found = work.access_requests.open_page(size + 1, last)
    return cut(found, size, lambda each: (each.request.received_on.isoformat(), each.request.id))


def _reading(tools: Tools, who: Caller) -> Work:
    if who.kind != "student" and not who.second_factor:
        raise SecondFactorNeeded
    return tools.begin()


def _may_know(who: Caller, found: Standing) -> bool:
    return who.kind != "student" or found.request.student == who.person


# The clock


def extend(tools: Tools, who: Caller, name: str, *, reason: str) -> Standing:
    """
    Take two more months, because there is much or it is complex; the student is shown why.

    Raises:
        NotAvailable: there is no such request for the caller.
        WrongState: the first month is over, or it is extended or answered already.
    """

    def may(found: Standing, day: date) -> None:
        if not found.clock.may_extend(day):
            raise WrongState(
                "It can be extended once, and only while the first month runs (UK GDPR, 12(3))."
            )

    return _add(tools, who, name, Happening.EXTENDED, may, reason=reason)


def stop_clock(tools: Tools, who: Caller, name: str, *, reason: str, day: str) -> Standing:
    """
    Stop the clock from the day on which the student was asked for something that is needed.

    Raises:
        InvalidFields: the day is none, in the future, or before the request or an earlier stop.
        NotAvailable: there is no such request for the caller.
        WrongState: it stands already, or the request is answered.
    """

    def may(found: Standing, day: date) -> None:
        if found.clock.stopped:
            raise WrongState("The clock stands already: start it when the student has answered.")
        _not_before(day, found)

    return _add(tools, who, name, Happening.CLOCK_STOPPED, may, reason=reason, day=day)


def start_clock(tools: Tools, who: Caller, name: str, *, day: str) -> Standing:
    """
    Start the clock again, from the day on which the student answered.

    Raises:
        InvalidFields: the day is none, in the future, or before the clock was stopped.
        NotAvailable: there is no such request for the caller.
        WrongState: the clock runs.
    """

    def may(found: Standing, day: date) -> None:
        if not found.clock.stopped:
            raise WrongState("The clock runs: there is nothing to start.")
        _not_before(day, found)

    return _add(tools, who, name, Happening.CLOCK_STARTED, may, day=day)


def close_access_request(tools: Tools, who: Caller, name: str, *, outcome: str) -> Standing:
    """
    Close a request for which there is no copy: nothing is held, or the student took it back.

    Raises:
        NotAvailable: there is no such request for the caller.
        WrongState: something is held, or the request is answered already.
    """

    def may(found: Standing, day: date) -> None:
        if outcome == "nothing_held" and found.left:
            raise WrongState("Something is held about this student: prepare a copy of it.")

    return _add(tools, who, name, Happening.CLOSED, may, reason=outcome)


def _not_before(day: date, found: Standing) -> None:
    clock = [each.day for each in found.events if each.happening in _CLOCK]
    if day < max([found.request.received_on, *clock]):
        raise InvalidFields({"day": "must not be before the request came in, or the last such day"})


_CLOCK = (Happening.CLOCK_STOPPED, Happening.CLOCK_STARTED)


def _add(
    tools: Tools,
    who: Caller,
    name: str,
    happening: Happening,
    may: Callable[[Standing, date], None],
    *,
    reason: str = "",
    day: str = "",
) -> Standing:
    """Add a line to the log of a request that is not ended, if it may be added."""
    today = tools.today()
    counts = read_day("day", lambda: contact_day(day, today))
    with tools.begin() as work:
        found = work.access_requests.hold(id_of(name, "accessRequests"))
        if found is None:
            raise NotAvailable
        if found.ended:
            raise WrongState("This request is answered or closed.")
        may(found, counts)
        event = Event(happening, tools.now(), counts, reason)
        work.access_requests.happened(name, event, who.person)
        work.commit()
    log.info("access_request_changed", access_request=name, happening=str(happening))
    return get_access_request(tools, who, name)
