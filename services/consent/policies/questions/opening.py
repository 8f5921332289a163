"""Questions about opening what the Service holds, on the screen and on paper."""

from __future__ import annotations

from services.consent.domain.consent import Consent
from services.consent.domain.decision import Fact, Question
from services.consent.domain.facts import Record, Who
from services.consent.domain.name_requests import NameRequest
from services.consent.domain.names import categories_of
from services.consent.policies.questions.facts import (
    consent_facts,
    name_request_facts,
)

OPENING = frozenset(
    {
        "case_note:read",
        "document:read",
        "incident:read",
        "enquiry:read",
        "enquiry:answer",
        "registration_form:read",
        "third_party:read",
        "breach:read",
        "disclosure:preview",
        "access_copy:preview",
        "name_request:read",
    }
)
"""What `OpenRecord` can be asked for. Everything else has a door of its own."""


def to_open(
    who: Who,
    action: str,
    record: Record,
    purpose: str,
    items: frozenset[str],
    through: str,
    consent: Consent | None = None,
    name_request: NameRequest | None = None,
) -> Question:
    """
    May *who* open these items of *record*?

    Args:
        who: the caller.
        action: one of `OPENING`.
        record: what they belong to.
        purpose: why, as a code.
        items: their names.
        through: the service that asks for it, by its certificate.
        consent: for a preview, the one that it is for.
        name_request: the one that *record* is of, if it is of one.
    """
    context: dict[str, Fact] = {
        "purpose": purpose,
        "categories": categories_of(items),
        "through": through,
    }
    if action == "disclosure:preview":
        context |= {"items": items} | consent_facts(consent)
    elif action == "name_request:read":
        context |= name_request_facts(name_request)
    return Question(who, action, record, context)


def to_print(
    who: Who, record: Record, purpose: str, items: frozenset[str], through: str, *, intact: bool
) -> Question:
    """
    May *who* have these items of *record* on paper?

    Args:
        who: the caller, who prints.
        record: what they belong to.
        purpose: why, as a code.
        items: their names.
        through: the service that asks for it, by its certificate.
        intact: whether what would leave is what was decided about, as that service says.
    """
    context: dict[str, Fact] = {
        "purpose": purpose,
        "categories": categories_of(items),
        "through": through,
        "intact": intact,
    }
    return Question(who, "paper:print", record, context)


def to_attest_destruction(who: Who, record: Record) -> Question:
    """May *who* say that paper of *record* was destroyed?"""
    return Question(who, "paper:destroy", record)
