"""Questions about what leaves: to a third party, or to the student themselves."""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.access_copies import ReleasedCopy
from services.consent.domain.consent import Consent
from services.consent.domain.decision import Fact, Question, person
from services.consent.domain.facts import THIRD_PARTY, Record, Who
from services.consent.policies.questions.facts import (
    consent_facts,
    milliseconds,
)


def to_send(
    who: Who,
    record: Record,
    consent: Consent | None,
    now: datetime,
    *,
    recipient: str,
    purpose: str,
    payload_digest: str,
    items: frozenset[str],
) -> Question:
    """May *who* send this to this recipient?"""
    return Question(
        who,
        "disclosure:send",
        record,
        {
            "now": milliseconds(now),
            "recipient": recipient,
            "purpose": purpose,
            "payload_digest": payload_digest,
            "items": items,
            **consent_facts(consent),
        },
    )


def to_confirm_use(
    who: Who,
    record: Record,
    consent: Consent | None,
    now: datetime,
    *,
    recipient: str,
    payload_digest: str,
    items: frozenset[str],
) -> Question:
    """May *who* tell this recipient that the student uses the Service, and nothing else?"""
    return Question(
        who,
        "use:confirm",
        record,
        {
            "now": milliseconds(now),
            "recipient": recipient,
            "payload_digest": payload_digest,
            "items": items,
            **consent_facts(consent),
        },
    )


def to_recall(who: Who, record: Record, action: str = "disclosure:recall") -> Question:
    """May *who* take back what was sent, or released (`access_copy:recall`), of *record*?"""
    return Question(who, action, record)


def to_release_copy(who: Who, record: Record, *, recipient: str, previewed: bool) -> Question:
    """
    May *who* let a student have a copy of what is in *record*?

    Args:
        who: the caller.
        record: the case.
        recipient: whose copy it is, as the caller says.
        previewed: whether *who* has looked at it, as the ledger says.
    """
    context: dict[str, Fact] = {"recipient": person(recipient), "previewed": previewed}
    return Question(who, "access_copy:release", record, context)


def to_collect_copy(
    who: Who, record: Record, released: ReleasedCopy | None, items: frozenset[str]
) -> Question:
    """
    May *who* have this copy now?

    Args:
        who: the caller.
        record: the case.
        released: what the ledger says was released; None if nothing was, or it was taken back.
        items: what they would get, as the caller says.
    """
    context: dict[str, Fact] = {"items": items}
    if released is not None:
        context["released"] = {
            "this_payload": released.this_payload,
            "items": released.items,
        }
    return Question(who, "access_copy:collect", record, context)


def to_collect(
    record: Record,
    consent: Consent | None,
    now: datetime,
    *,
    link_valid: bool,
    deliveries: frozenset[str],
    payload_digest: str,
    items: frozenset[str],
) -> Question:
    """
    May a third party see this now?

    Args:
        record: what it belongs to.
        consent: the student's.
        now: by our clock.
        link_valid: whether cases found link and code right.
        deliveries: as what it was sent, since it was last recalled.
        payload_digest: of what would be seen.
        items: what would be opened.
    """
    return Question(
        THIRD_PARTY,
        "disclosure:collect",
        record,
        {
            "now": milliseconds(now),
            "link_valid": link_valid,
            "deliveries": deliveries,
            "payload_digest": payload_digest,
            "items": items,
            **consent_facts(consent),
        },
    )
