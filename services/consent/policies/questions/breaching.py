"""Questions about breaching confidentiality, and about accidents."""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.breach import Breach
from services.consent.domain.decision import Fact, Question, person
from services.consent.domain.facts import Record, Who
from services.consent.policies.questions.facts import (
    breach_facts,
    milliseconds,
)


def to_decide(
    who: Who,
    record: Record,
    breach: Breach | None,
    now: datetime,
    *,
    despite_advice: bool,
    emergency: bool = False,
    trusted_contacts: frozenset[str],
) -> Question:
    """
    May *who* decide to breach confidentiality?

    Args:
        who: the caller.
        record: the breach's own record.
        breach: how far it got.
        now: by our clock.
        despite_advice: whether to go on in spite of a colleague's no.
        emergency: whether to go on without advice.
        trusted_contacts: whom the student has agreed that we turn to, as of now.
    """
    context: dict[str, Fact] = {
        "despite_advice": despite_advice,
        "emergency": emergency,
        "trusted_contacts": trusted_contacts,
        **breach_facts(breach, record, now),
    }
    return Question(who, "breach:decide", record, context)


def on_breach(
    who: Who, action: str, record: Record, breach: Breach | None, now: datetime
) -> Question:
    """
    May *who* do this about a breach?

    Args:
        who: the caller.
        action: `breach:advise`, `breach:review`, `breach:add`, `embargo:review` or `embargo:lift`.
        record: the breach's own record.
        breach: how far it got.
        now: our clock.
    """
    return Question(who, action, record, breach_facts(breach, record, now))


def to_tell(
    who: Who,
    record: Record,
    breach: Breach | None,
    now: datetime,
    *,
    recipient: str,
    told_at: datetime,
    trusted_contacts: frozenset[str],
) -> Question:
    """
    May it be recorded that *who* told this recipient, under a decided breach?

    Args:
        who: the caller.
        record: the breach's own record.
        breach: how far it got.
        now: by our clock.
        recipient: who was told.
        told_at: when, as the caller says.
        trusted_contacts: whom the student had agreed that we turn to, as of then.
    """
    return Question(
        who,
        "breach:disclose",
        record,
        {
            "now": milliseconds(now),
            "recipient": recipient,
            "told_at": milliseconds(told_at),
            "trusted_contacts": trusted_contacts,
            **breach_facts(breach, record, now),
        },
    )


def to_decide_incident(who: Who, record: Record, *, decider: str, decided: bool) -> Question:
    """
    May *who* decide what is done about an accident?

    Args:
        who: the caller.
        record: in which it is sealed.
        decider: who was named to decide.
        decided: whether it is decided already.
    """
    context: dict[str, Fact] = {"decider": person(decider), "decided": decided}
    return Question(who, "incident:decide", record, context)
