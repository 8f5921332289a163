"""
Puts a question to the policy, for each thing that can be asked.

Only this file knows both the facts as consent holds them and the names that the schema gives them.
"""

from __future__ import annotations

from datetime import datetime

from services.consent.domain.access_copies import ReleasedCopy
from services.consent.domain.balancing import RELEASE, STAFF_MEMBER_AGREES, WITHHOLD, speaking_for
from services.consent.domain.breach import Breach
from services.consent.domain.consent import Consent, Spoken
from services.consent.domain.decision import Fact, Question, Ref, person
from services.consent.domain.facts import THIRD_PARTY, AccessList, Record, Report, WallList, Who
from services.consent.domain.grounds import ground
from services.consent.domain.kinds import Kind
from services.consent.domain.name_requests import AccessLine, NameRequest
from services.consent.domain.names import categories_of
from services.consent.domain.texts import LONDON

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


OWN_YES = frozenset({"consent:give", "consent:confirm"})
"""What a student agrees to by an act of their own."""


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
        context |= {"items": items} | _optional_consent(consent)
    elif action == "name_request:read":
        context |= _optional_name_request(name_request)
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


def to_request(
    who: Who, record: Record, kind: Kind, items: frozenset[str], ends_at: datetime, now: datetime
) -> Question:
    """May *who* ask the student of *record* for consent?"""
    return Question(
        who,
        "consent:request",
        record,
        {
            "now": _ms(now),
            "ends_at": _ms(ends_at),
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
        "now": _ms(now),
        "text_shown": text_shown,
        "payload_digest": payload_digest,
        "text_current": text_current,
        "previewed": previewed,
        **_optional_consent(consent),
    }
    if spoken is not None:
        context |= {"spoken_at": _ms(spoken.at), "confirm_by": _ms(spoken.confirm_by)}
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
    return Question(who, action, record, {"now": _ms(now), **_optional_consent(consent)})


def to_export(who: Who, record: Record, consent: Consent | None) -> Question:
    """May *who* have this consent as a file?"""
    return Question(who, "consent:export", record, _optional_consent(consent))


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
            "now": _ms(now),
            "recipient": recipient,
            "purpose": purpose,
            "payload_digest": payload_digest,
            "items": items,
            **_optional_consent(consent),
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
            "now": _ms(now),
            "recipient": recipient,
            "payload_digest": payload_digest,
            "items": items,
            **_optional_consent(consent),
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
            "now": _ms(now),
            "link_valid": link_valid,
            "deliveries": deliveries,
            "payload_digest": payload_digest,
            "items": items,
            **_optional_consent(consent),
        },
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
        **_optional_breach(breach, record, now),
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
    return Question(who, action, record, _optional_breach(breach, record, now))


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
            "now": _ms(now),
            "recipient": recipient,
            "told_at": _ms(told_at),
            "trusted_contacts": trusted_contacts,
            **_optional_breach(breach, record, now),
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
    return Question(who, action, record, _optional_name_request(name_request))


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
        **_optional_name_request(name_request),
    }
    return Question(who, "name_request:decide", record, context)


def to_dispose(who: Who, record: Record, dispose_from: datetime, now: datetime) -> Question:
    """May *record* be disposed of?"""
    context = {"now": _ms(now), "dispose_from": _ms(dispose_from)}
    return Question(who, "record:dispose", record, context)


def to_wall(who: Who, action: str, record: Record, staff_member: str) -> Question:
    """May *who* put up (`wall:declare`) or take down (`wall:lift`) this wall?"""
    return Question(who, action, record, {"staff_member": person(staff_member)})


def to_list_walls(who: Who, *, everybodys: bool) -> Question:
    """May *who* see the walls that stand: everybody's, or those they put up?"""
    return Question(who, "wall:list", WallList(who.name), {"everybodys": everybodys})


def to_check(who: Who, walled: frozenset[str]) -> Question:
    """Does a wall stand between *who* and what they are about to take on?"""
    return Question(who, "conflict:check", Record("", walled=walled))


def to_freeze(who: Who, report: str) -> Question:
    """May *who* freeze a report for release?"""
    return Question(who, "report:freeze", Report(report))


def to_publish(who: Who, report: str, frozen_for: str) -> Question:
    """
    May *who* let a report leave the Service?

    Args:
        who: the caller.
        report: its name.
        frozen_for: what it was frozen for, as the ledger says; empty if it was not.
    """
    context: dict[str, Fact] = {"frozen_for": frozen_for} if frozen_for else {}
    return Question(who, "report:publish", Report(report), context)


def to_list_accesses(who: Who) -> Question:
    """May *who* see who has seen their own records?"""
    return Question(who, "access_list:read", AccessList(who.name))


def to_explain(who: Who, record: Record, whose: str | None) -> Question:
    """
    May *who* know why something was decided so?

    Args:
        who: the caller.
        record: what was decided about.
        whose: for whom it was decided; None when there is no such decision.
    """
    of = {} if whose is None else {"of": person(whose)}
    return Question(who, "decision:explain", record, of)


def to_foresee(who: Who, record: Record, whose: str) -> Question:
    """May *who* know how it would be decided for *whose*, about this record?"""
    return Question(who, "decision:foresee", record, {"of": person(whose)})


def _optional_consent(consent: Consent | None) -> dict[str, Fact]:
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
        "ends_at": _ms(asked.ends_at),
    }
    if consent.given is not None:
        facts["text_agreed"] = consent.given.text_sha256 or ""
        facts["given_at"] = _ms(consent.given.at)
        facts["given_by"] = person(consent.given.by)
    if consent.confirm_by is not None:
        facts["confirm_by"] = _ms(consent.confirm_by)
    return {"consent": facts}


def _optional_breach(breach: Breach | None, record: Record, now: datetime) -> dict[str, Fact]:
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
        facts["decided_at"] = _ms(breach.decided.at.replace(second=0, microsecond=0))
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


def _optional_name_request(name_request: NameRequest | None) -> dict[str, Fact]:
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


def _ms(moment: datetime) -> int:
    """Milliseconds since 1970, as the policy counts time."""
    return int(moment.timestamp() * 1000)
