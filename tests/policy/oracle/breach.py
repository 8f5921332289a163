"""The procedure for breaching confidentiality."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.actions import BREACHING, EMBARGO
from tests.policy.oracle.registry import Asked, on


@on(*BREACHING)
def no_such_breach(asked: Asked) -> Any:
    """A breach that nobody began."""
    return asked.breach is None


@on("breach:advise", "breach:decide")
def breach_already_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.breach is not None and asked.breach.decided


@on("breach:advise")
def not_asked_for_advice(asked: Asked) -> Any:
    """Advice is given by who was asked."""
    return asked.breach is not None and asked.who.name not in asked.breach.asked


@on("breach:advise")
def advice_from_oneself(asked: Asked) -> Any:
    """Another staff member, at least one."""
    return asked.breach is not None and asked.breach.involved == asked.who.name


@on("breach:decide", "breach:disclose")
def not_the_staff_member_involved(asked: Asked) -> Any:
    """Up to the staff member involved."""
    return asked.breach is not None and asked.breach.involved != asked.who.name


@on("breach:decide")
def ground_not_chosen(asked: Asked) -> Any:
    """On a ground."""
    return asked.breach is not None and not asked.breach.ground_chosen


@on("breach:decide")
def ground_not_in_policy(asked: Asked) -> Any:
    """A ground of the policy."""
    if asked.breach is None or not asked.breach.ground_chosen:
        return False
    return asked.breach.ground is None or not asked.breach.ground.in_policy


@on("breach:decide")
def ground_superseded(asked: Asked) -> Any:
    """By the law of today."""
    return _has_ground(asked) and asked.breach.ground.superseded


@on("breach:decide")
def not_serious(asked: Asked) -> Any:
    """Serious and imminent."""
    return _has_ground(asked) and asked.breach.ground.asks_for_risk and not asked.breach.serious


@on("breach:decide")
def not_imminent(asked: Asked) -> Any:
    """Serious and imminent."""
    return _has_ground(asked) and asked.breach.ground.asks_for_risk and not asked.breach.imminent


@on("breach:decide")
def whose_safety_missing(asked: Asked) -> Any:
    """The student's own or others' safety: said which."""
    return (
        _has_ground(asked) and asked.breach.ground.asks_for_risk and asked.breach.whose_safety == ""
    )


@on("breach:decide")
def outline_missing(asked: Asked) -> Any:
    """i: name of the student and brief outline."""
    return asked.breach is not None and not asked.breach.has_outline


@on("breach:decide")
def reason_missing(asked: Asked) -> Any:
    """i: specifying the reason."""
    return asked.breach is not None and not asked.breach.has_reason


@on("breach:decide")
def intended_outcome_missing(asked: Asked) -> Any:
    """iii: what would be achieved."""
    return asked.breach is not None and not asked.breach.has_intended_outcome


@on("breach:decide")
def recipient_missing(asked: Asked) -> Any:
    """iv: to whom."""
    return asked.breach is not None and not asked.breach.recipients


@on("breach:decide")
def recipient_not_of_ground(asked: Asked) -> Any:
    """To whom the statute names."""
    if not _has_ground(asked) or asked.breach.ground.any_recipient:
        return False
    return not asked.breach.recipient_kinds <= asked.breach.ground.recipient_kinds


@on("breach:decide", "breach:disclose")
def not_a_trusted_contact(asked: Asked) -> Any:
    """Told as somebody whom the student trusts: by a consent that stands."""
    if asked.breach is None:
        return False
    if asked.action == "breach:decide":
        return not asked.breach.as_trusted_contacts <= asked.trusted_contacts
    as_one = asked.recipient in asked.breach.as_trusted_contacts
    return as_one and asked.recipient not in asked.trusted_contacts


@on("breach:decide")
def trusted_in_such_a_risk_only(asked: Asked) -> Any:
    """The student agreed to it for a serious and imminent risk."""
    if not _has_ground(asked) or not asked.breach.as_trusted_contacts:
        return False
    return not asked.breach.ground.asks_for_risk


@on("breach:decide")
def advice_missing(asked: Asked) -> Any:
    """ii: at least one other staff member, unwalled, on this very version; but in an emergency."""
    if asked.breach is None or asked.emergency:
        return False
    return not _advised(asked)


@on("breach:decide")
def nobody_reachable_unsaid(asked: Asked) -> Any:
    """An emergency is when nobody can be reached, and why is said."""
    return asked.breach is not None and asked.emergency and not asked.breach.has_nobody_reachable


@on("breach:decide")
def a_colleague_was_reached(asked: Asked) -> Any:
    """Who was reached and has answered is not left out by calling it an emergency."""
    return asked.breach is not None and asked.emergency and _advised(asked)


@on("breach:decide")
def advice_against(asked: Asked) -> Any:
    """A no is no veto, but going on is said expressly."""
    if asked.breach is None or asked.breach.advice is None:
        return False
    return asked.breach.advice.against and not asked.despite_advice


@on("breach:decide")
def student_not_spoken_to(asked: Asked) -> Any:
    """The student first, in words and in codes; not where telling them may be an offence."""
    if asked.breach is None:
        return False
    if asked.breach.has_student_spoken_to and asked.breach.student_first != "":
        return False
    return not (asked.breach.ground is not None and asked.breach.ground.tipping_off)


@on("breach:disclose", "breach:add")
def breach_not_decided(asked: Asked) -> Any:
    """Decided before told; added to when it can be amended no longer."""
    return asked.breach is not None and not asked.breach.decided


@on("breach:review")
def no_review_waits(asked: Asked) -> Any:
    """Only what was decided in an emergency is reviewed, and once."""
    return asked.breach is not None and not asked.breach.awaits_review


@on("breach:review")
def review_by_oneself(asked: Asked) -> Any:
    """By another staff member."""
    return asked.breach is not None and asked.breach.involved == asked.who.name


@on(*EMBARGO)
def no_embargo_stands(asked: Asked) -> Any:
    """Lifted once, and not where nothing is hidden."""
    return asked.breach is not None and not asked.breach.embargoed


@on(*EMBARGO)
def embargo_of_another(asked: Asked) -> Any:
    """By the staff member involved, or by a manager."""
    if asked.breach is None or "manager" in asked.who.roles:
        return False
    return asked.breach.involved != asked.who.name


@on("breach:disclose")
def recipient_not_decided(asked: Asked) -> Any:
    """To those who were decided on."""
    return asked.breach is not None and asked.recipient not in asked.breach.recipients


@on("breach:disclose")
def told_before_the_decision(asked: Asked) -> Any:
    """Decided before told."""
    if asked.breach is None or asked.breach.decided_at is None:
        return False
    return asked.told_at < asked.breach.decided_at


@on("breach:disclose")
def told_in_the_future(asked: Asked) -> Any:
    """What was told, when it was told."""
    return asked.told_at > asked.now


def _has_ground(asked: Asked) -> bool:
    return asked.breach is not None and asked.breach.ground is not None


def _advised(asked: Asked) -> Any:
    advice = asked.breach.advice
    if advice is None or advice.outdated:
        return False
    return not (
        advice.colleague == asked.breach.involved or advice.colleague in asked.record.walled
    )
