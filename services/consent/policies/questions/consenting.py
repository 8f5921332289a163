"""Questions about a consent: asking for it, saying yes, ending it, giving its record."""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.consent import Consent, Spoken
from services.consent.domain.decision import Fact, Question
from services.consent.domain.facts import Record, Who
from services.consent.domain.kinds import Kind
from services.consent.domain.names import categories_of
from services.consent.policies.questions.facts import (
    consent_facts,
    milliseconds,
)

OWN_YES = frozenset({"consent:give", "consent:confirm"})
"""What a student agrees to by an act of their own."""


def to_request(
    who: Who, record: Record, kind: Kind, items: frozenset[str], ends_at: datetime, now: datetime
) -> Question:
    """May *who* ask the student of *record* for consent?"""
    return Question(
        who,
        "consent:request",
        record,
        {
            "now": milliseconds(now),
            "ends_at": milliseconds(ends_at),
            "kind": str(kind),
            "categories": categories_of(items),
        },
    )


def to_agree(
    who: Who,
    action: str,
    record: Record,
    consent: Consent | None,
    now: datetime,
    *,
    text_shown: str,
    payload_digest: str,
    text_current: str,
    previewed: bool,
    spoken: Spoken | None = None,
    signature: str = "none",
) -> Question:
    """
    May *who* say yes to this (`consent:give`), or stand up for a yes that was spoken?

    Args:
        who: the caller.
        action: `consent:give`, `consent:record_verbal`, `consent:confirm` or `consent:witness`.
        record: what the consent is about.
        consent: as its log leaves it.
        now: by our clock.
        text_shown: the SHA-256 of the text that they saw, as they say.
        payload_digest: of the payload that they saw, as they say.
        text_current: the SHA-256 of the text as it would be shown today.
        previewed: whether they have seen the payload, as the ledger says.
        spoken: how it was said, for `consent:record_verbal`.
        signature: of their passkey, for `OWN_YES`: `none`, `good` or `broken`.
    """
    context: dict[str, Fact] = {
        "now": milliseconds(now),
        "text_shown": text_shown,
        "payload_digest": payload_digest,
        "text_current": text_current,
        "previewed": previewed,
        **consent_facts(consent),
    }
    if spoken is not None:
        context |= {
            "spoken_at": milliseconds(spoken.at),
            "confirm_by": milliseconds(spoken.confirm_by),
        }
    if action in OWN_YES:
        context |= {"has_passkey": bool(who.passkeys), "signature": signature}
    return Question(who, action, record, context)


def to_end(
    who: Who, action: str, record: Record, consent: Consent | None, now: datetime
) -> Question:
    """
    May *who* end this consent?

    By saying no (`consent:refuse`), by taking it back (`consent:withdraw`), or, as a staff member,
    by noting that the student takes it back (`consent:record_withdrawal`).
    """
    return Question(who, action, record, {"now": milliseconds(now), **consent_facts(consent)})


def to_export(who: Who, record: Record, consent: Consent | None) -> Question:
    """May *who* have this consent as a file?"""
    return Question(who, "consent:export", record, consent_facts(consent))
