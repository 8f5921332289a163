"""Questions about the name of the staff member behind a line."""

from __future__ import annotations

from services.consent.domain.balancing import RELEASE, STAFF_MEMBER_AGREES, WITHHOLD, speaking_for
from services.consent.domain.decision import Fact, Question
from services.consent.domain.facts import Record, Who
from services.consent.domain.name_requests import AccessLine, NameRequest
from services.consent.policies.questions.facts import (
    name_request_facts,
)


def to_ask_for_name(who: Who, record: Record, line: AccessLine | None, *, asked: bool) -> Question:
    """
    May *who* ask for the name behind a line of their list?

    Args:
        who: the caller.
        record: what the line is about; one that nobody registered if there is no such line.
        line: the line as they may see it now; None if they may not, or there is none.
        asked: whether they have asked before, and the name is not withheld.
    """
    facts: dict[str, Fact] = {}
    if line is not None:
        facts["line"] = {"by_staff": line.by_staff, "asked": asked}
    return Question(who, "name_request:make", record, facts)


def on_name_request(
    who: Who, action: str, record: Record, name_request: NameRequest | None
) -> Question:
    """
    May *who* do this about a request for a name?

    Args:
        who: the caller.
        action: `name_request:give_view` or `staff_name:release`.
        record: the request's own record.
        name_request: how far it got.
    """
    return Question(who, action, record, name_request_facts(name_request))


def to_decide_name(
    who: Who,
    record: Record,
    name_request: NameRequest | None,
    *,
    release: bool,
    grounds: frozenset[str],
    not_heard: str,
) -> Question:
    """May *who* decide so about a name, on these grounds?"""
    context: dict[str, Fact] = {
        "release": release,
        "grounds_for": bool(speaking_for(RELEASE, grounds)),
        "grounds_against": bool(speaking_for(WITHHOLD, grounds)),
        "says_they_agree": STAFF_MEMBER_AGREES in grounds,
        "not_heard": not_heard,
        **name_request_facts(name_request),
    }
    return Question(who, "name_request:decide", record, context)
