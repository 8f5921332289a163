"""Facts as consent holds them, by the names that the schema gives them."""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.breach import Breach
from services.consent.domain.consent import Consent
from services.consent.domain.decision import Fact, Ref, person
from services.consent.domain.facts import Record
from services.consent.domain.grounds import ground
from services.consent.domain.name_requests import NameRequest
from services.consent.domain.texts import LONDON


def consent_facts(consent: Consent | None) -> dict[str, Fact]:
    """Give what there is to know of a consent; nothing if there is none."""
    if consent is None:
        return {}
    asked = consent.asked
    facts: dict[str, Fact] = {
        "kind": str(asked.kind),
        "record": Ref("Record", asked.record),
        "student": person(asked.student),
        "recipient": asked.recipient,
        "purpose": asked.purpose,
        "payload_digest": asked.payload_digest,
        # The disclosure's own particulars (name and address) belong to what is shown and sent.
        "items": asked.items | {asked.disclosure},
        "text_asked": asked.text_sha256,
        "state": str(consent.state),
        "ends_at": milliseconds(asked.ends_at),
    }
    if consent.given is not None:
        facts["text_agreed"] = consent.given.text_sha256 or ""
        facts["given_at"] = milliseconds(consent.given.at)
        facts["given_by"] = person(consent.given.by)
    if consent.confirm_by is not None:
        facts["confirm_by"] = milliseconds(consent.confirm_by)
    return {"consent": facts}


def breach_facts(breach: Breach | None, record: Record, now: datetime) -> dict[str, Fact]:
    """Give what there is to know of a breach; nothing if there is none."""
    if breach is None:
        return {}
    known = breach.facts
    facts: dict[str, Fact] = {
        "involved": person(breach.involved),
        "asked": frozenset(
            person(each.colleague) for each in breach.advice if each.may_answer(now)
        ),
        "decided": breach.decided is not None,
        "ground_chosen": bool(known.ground),
        "serious": known.serious,
        "imminent": known.imminent,
        "whose_safety": known.whose_safety,
        "has_outline": known.has_outline,
        "has_reason": known.has_reason,
        "has_intended_outcome": known.has_intended_outcome,
        "has_student_spoken_to": known.has_student_spoken_to,
        "student_first": known.student_first.said,
        "has_nobody_reachable": known.has_nobody_reachable,
        "awaits_review": breach.awaits_review,
        "embargoed": breach.embargoed,
        "recipients": frozenset(name for name, _ in known.recipients),
        "recipient_kinds": frozenset(kind for _, kind in known.recipients),
        "as_trusted_contacts": known.as_trusted_contacts,
    }
    if breach.decided is not None:
        # People note the minute, not the second, in which they told somebody.
        facts["decided_at"] = milliseconds(breach.decided.at.replace(second=0, microsecond=0))
    if (chosen := ground(known.ground)) is not None:
        today = now.astimezone(LONDON).date()
        facts["ground"] = {
            "in_policy": chosen.valid_from <= today,
            "superseded": chosen.superseded(today),
            "asks_for_risk": chosen.asks_for_risk,
            "tipping_off": chosen.tipping_off,
            "any_recipient": not chosen.recipient_kinds,
            "recipient_kinds": chosen.recipient_kinds,
        }
    if (advice := breach.advice_that_counts(record.walled)) is not None:
        facts["advice"] = {
            "colleague": person(advice.colleague),
            "against": advice.against,
            "outdated": advice.outdated,
        }
    return {"breach": facts}


def name_request_facts(name_request: NameRequest | None) -> dict[str, Fact]:
    """Give what there is to know of a request for a name; nothing if there is none."""
    if name_request is None:
        return {}
    return {
        "name_request": {
            "named": person(name_request.named),
            "of_the_service": name_request.of_the_service,
            "heard": name_request.view is not None,
            "agrees": name_request.agrees,
            "decided": name_request.decision is not None,
            "released": name_request.released,
            "hidden": name_request.hidden,
        }
    }


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as the policy counts time."""
    return int(moment.timestamp() * 1000)
