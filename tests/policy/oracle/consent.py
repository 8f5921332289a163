"""Consent: asking, answering, and what it covers."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.actions import (
    AGREEING,
    ANSWERING,
    LETTING_GO,
    NOTING,
    OWN_YES,
    YEAR,
)
from tests.policy.oracle.registry import Asked, on


@on("consent:request")
def no_student_to_ask(asked: Asked) -> Any:
    """Somebody must be there to say yes."""
    return asked.record.student is None


@on("consent:request")
def no_items(asked: Asked) -> Any:
    """There is no consent to whatever may be needed."""
    return not asked.categories


@on("consent:request")
def end_passed(asked: Asked) -> Any:
    """A consent ends in the future."""
    return asked.ends_at <= asked.now


@on("consent:request")
def end_too_far(asked: Asked) -> Any:
    """And within a year."""
    return asked.ends_at > asked.now + YEAR


@on(*ANSWERING, *NOTING, *LETTING_GO, "consent:export")
def no_consent_asked(asked: Asked) -> Any:
    """Nothing leaves that no student was asked about."""
    return asked.consent is None


@on("disclosure:preview", "consent:export")
def not_asked_of_this_student(asked: Asked) -> Any:
    """A student sees what they are asked about."""
    if asked.who.kind != "student":
        return False
    return asked.consent is None or asked.consent.student != asked.who.name


@on("consent:give", "consent:refuse", "consent:record_verbal")
def consent_already_answered(asked: Asked) -> Any:
    """One act, one answer."""
    return asked.consent is not None and asked.consent.state != "requested"


@on(*AGREEING)
def not_previewed(asked: Asked) -> Any:
    """Informed: they have seen the very payload."""
    return not asked.previewed


@on(*AGREEING, *LETTING_GO)
def not_informed(asked: Asked) -> Any:
    """Informed: of this very text; and of today's, when the yes is said."""
    if asked.consent is None:
        return False
    if asked.action in ("consent:give", "consent:record_verbal"):
        shown_otherwise = asked.text_shown != asked.consent.text_asked
        return shown_otherwise or asked.text_current != asked.consent.text_asked
    if asked.action in ("consent:confirm", "consent:witness"):
        return asked.text_shown != asked.consent.text_asked
    agreed = asked.consent.text_agreed
    return agreed is not None and agreed != asked.consent.text_asked


@on(*OWN_YES)
def passkey_missing(asked: Asked) -> Any:
    """The student's own act: with their passkey, where they have one."""
    return asked.has_passkey and asked.signature == "none"


@on(*OWN_YES)
def passkey_not_fitting(asked: Asked) -> Any:
    """What is signed otherwise is no yes, also from whoever need not sign."""
    return asked.signature not in ("none", "good")


@on("consent:record_verbal")
def spoken_in_the_future(asked: Asked) -> Any:
    """Said, and then noted."""
    return asked.now < asked.spoken_at


@on("consent:record_verbal")
def spoken_too_long_ago(asked: Asked) -> Any:
    """The days for confirming run from when it was said."""
    return asked.now >= asked.confirm_by


@on("consent:confirm", "consent:witness")
def nothing_to_confirm(asked: Asked) -> Any:
    """Only a spoken yes waits to be confirmed."""
    return asked.consent is not None and asked.consent.state != "provisional"


@on("consent:witness")
def witness_of_oneself(asked: Asked) -> Any:
    """A second person."""
    return asked.consent is not None and asked.consent.given_by == asked.who.name


@on(*AGREEING, *LETTING_GO)
def not_confirmed_in_time(asked: Asked) -> Any:
    """A spoken yes that nobody confirmed lapses."""
    if asked.consent is None or asked.consent.confirm_by is None:
        return False
    return asked.now >= asked.consent.confirm_by


@on(*LETTING_GO)
def consent_not_given(asked: Asked) -> Any:
    """Explicit: a yes to a text."""
    if asked.consent is None:
        return False
    return asked.consent.state in ("requested", "refused") or asked.consent.text_agreed is None


@on(*LETTING_GO)
def not_prior(asked: Asked) -> Any:
    """Prior: before anything leaves."""
    if asked.consent is None or asked.consent.given_at is None:
        return False
    return asked.consent.given_at > asked.now


@on(*LETTING_GO)
def consent_withdrawn(asked: Asked) -> Any:
    """Taken back."""
    return asked.consent is not None and asked.consent.state == "withdrawn"


@on(*LETTING_GO)
def consent_superseded(asked: Asked) -> Any:
    """The student was asked anew."""
    return asked.consent is not None and asked.consent.state == "superseded"


@on(*AGREEING, *LETTING_GO)
def consent_lapsed(asked: Asked) -> Any:
    """Its last day is over."""
    if asked.consent is None:
        return False
    return asked.consent.state == "expired" or asked.now >= asked.consent.ends_at


@on("disclosure:preview", "consent:export", *LETTING_GO)
def consent_for_another_record(asked: Asked) -> Any:
    """One record, of one student."""
    if asked.consent is None:
        return False
    same_student = asked.record.student == asked.consent.student
    return not (asked.consent.record == asked.record.name and same_student)


@on("disclosure:send", "use:confirm")
def consent_for_another_recipient(asked: Asked) -> Any:
    """One named recipient."""
    return asked.consent is not None and asked.recipient != asked.consent.recipient


@on("disclosure:send")
def consent_for_another_purpose(asked: Asked) -> Any:
    """One purpose."""
    return asked.consent is not None and asked.purpose != asked.consent.purpose


@on(*LETTING_GO)
def consent_of_another_kind(asked: Asked) -> Any:
    """Confirming use takes its own consent, and that one is good for nothing else."""
    if asked.consent is None:
        return False
    needed = "confirm_use" if asked.action == "use:confirm" else "disclosure"
    return asked.consent.kind != needed


@on("disclosure:preview", *AGREEING, *LETTING_GO)
def consent_for_other_items(asked: Asked) -> Any:
    """The very payload: not a byte else, not an item more."""
    if asked.consent is None:
        return False
    others = asked.action not in {*AGREEING, "disclosure:collect"}  # whose items are deliveries
    more_items = others and not asked.items <= asked.consent.items
    if asked.action == "disclosure:preview":
        return more_items and asked.who.kind == "student"  # staff may look before they ask
    return more_items or asked.payload_digest != asked.consent.payload_digest


@on("disclosure:preview")
def preview_incomplete(asked: Asked) -> Any:
    """A student sees all of it."""
    if asked.consent is None or asked.who.kind != "student":
        return False
    return not asked.consent.items <= asked.items
