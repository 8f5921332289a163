"""The name behind a line of a student's list."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.actions import NAMING
from tests.policy.oracle.registry import Asked, on


@on("name_request:make")
def no_such_line(asked: Asked) -> Any:
    """A line of one's own list, as one may see it now."""
    own = asked.who.kind == "student" and asked.record.student == asked.who.name
    return not own or asked.line is None


@on("name_request:make")
def not_a_staff_members_line(asked: Asked) -> Any:
    """Behind some lines there is nobody of the staff."""
    return asked.line is not None and not asked.line.by_staff


@on("name_request:make")
def name_already_asked(asked: Asked) -> Any:
    """One request, one answer."""
    return asked.line is not None and asked.line.asked


@on(*NAMING)
def no_such_name_request(asked: Asked) -> Any:
    """A request that nobody made."""
    return asked.name_request is None


@on("name_request:read", "name_request:decide")
def balanced_by_no_manager(asked: Asked) -> Any:
    """A manager balances; a student reads what they wrote."""
    return asked.who.kind != "student" and "manager" not in asked.who.roles


@on("name_request:read", "name_request:decide")
def name_of_oneself(asked: Asked) -> Any:
    """Nobody balances their own name, or reads why it is asked for."""
    return asked.name_request is not None and asked.name_request.named == asked.who.name


@on("name_request:give_view")
def name_of_another(asked: Asked) -> Any:
    """The staff member speaks for themselves."""
    return asked.name_request is not None and asked.name_request.named != asked.who.name


@on("name_request:give_view", "name_request:decide")
def name_request_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.name_request is not None and asked.name_request.decided


@on("name_request:decide")
def no_ground_for_the_answer(asked: Asked) -> Any:
    """Whatever the answer, something speaks for it."""
    if asked.release:
        return not asked.grounds_for
    return not asked.grounds_against


@on("name_request:decide")
def agreement_not_given(asked: Asked) -> Any:
    """Nobody agrees for another."""
    if asked.name_request is None:
        return False
    return asked.says_they_agree and not asked.name_request.agrees


@on("name_request:decide")
def staff_member_not_heard(asked: Asked) -> Any:
    """Before they are named, they are heard, or it is said why not."""
    if asked.name_request is None or asked.name_request.heard:
        return False
    return asked.release and asked.not_heard == ""


@on("name_request:decide")
def they_can_be_heard(asked: Asked) -> Any:
    """What is said against hearing them has to be so, where we know."""
    if asked.name_request is None:
        return False
    there = asked.not_heard == "left_the_service" and asked.name_request.of_the_service
    unwalled = asked.name_request.named not in asked.record.walled
    return there or (asked.not_heard == "conflict_of_interest" and unwalled)


@on("name_request:decide", "staff_name:release")
def line_hidden(asked: Asked) -> Any:
    """Nothing is told about what is hidden."""
    return asked.name_request is not None and asked.name_request.hidden


@on("staff_name:release")
def not_who_asked(asked: Asked) -> Any:
    """To the student who asked."""
    return not (asked.who.kind == "student" and asked.record.student == asked.who.name)


@on("staff_name:release")
def name_not_released(asked: Asked) -> Any:
    """Decided before told."""
    return asked.name_request is not None and not asked.name_request.released
