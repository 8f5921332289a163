"""
"May they, and why not": decisions that were made, and decisions that would be.

Whoever is told learns that there is such a record, so telling is decided by the policy, too, and
leaves a line of its own. What is behind a wall, and what never was, look alike.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from common.errors import InvalidFields, NotAvailable
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.actions.receipts import Proven, prove
from services.consent.actions.records import breach_of, name_request_of
from services.consent.actions.trusting import named_by_student, recipients_of, under_this_ground
from services.consent.domain.consent import Consent
from services.consent.domain.decision import Question
from services.consent.domain.explanation import Explanation, Past
from services.consent.domain.facts import Record, Who
from services.consent.domain.names import bare
from services.consent.policies import questions
from services.consent.storage.work import Work

_ON_A_RECORD = questions.OPENING - {"disclosure:preview"}
_BY_CONSENT = frozenset(
    {
        "disclosure:preview",
        "disclosure:send",
        "disclosure:recall",
        "use:confirm",
        "consent:export",
    }
)
_ON_A_BREACH = frozenset(
    {
        "breach:decide",
        "breach:advise",
        "breach:review",
        "breach:add",
        "embargo:review",
        "embargo:lift",
    }
)
_NAMES_BY_CONSENT = ("disclosures/", "contacts/")
FORESEEN = _ON_A_RECORD | _BY_CONSENT | _ON_A_BREACH
"""What can be foreseen: all that staff do to what is there, and whose facts consent has itself."""


def explain_decision(parts: Parts, who: Who, name: str) -> Explanation:
    """
    Say what was decided, and why, to whoever asked for it or to a manager.

    Args:
        parts: what actions work with.
        who: the caller.
        name: the decision, by its id or by its place in the ledger.

    Raises:
        NotAvailable: they may not know, or there is no such decision.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
    """
    return _past(parts, who, name, "explained").explanation


def prove_decision(parts: Parts, who: Who, name: str) -> Proven:
    """
    Give the receipt of a decision, to the same people: what has to follow a sending and a breach.

    Not the student: an entry names who acted, and the student is told a role. What they have is a
    receipt of their own yes, and the line in their list.

    Raises:
        NotAvailable, SecondFactorNeeded: as for `explain_decision`.
        TryAgain: Vault can't be reached; it can be proven later.
    """
    index = _past(parts, who, name, "proved").index
    with parts.new_work() as work:
        return prove(parts, work, index)


def _past(parts: Parts, who: Who, name: str, done: str) -> Past:
    which = bare(name)
    with parts.new_reads() as work:
        ledger = work.ledger
        entry = ledger.entry(int(which)) if which.isdigit() else ledger.entry_called(which)
    past = None if entry is None else Past.of(entry)

    def ask(work: Work, _: datetime) -> Asked:
        if past is None:
            return questions.to_explain(who, Record(""), None), Line()
        record = work.records.find(past.record)
        return questions.to_explain(who, record, past.explanation.person), Line(
            about=past.explanation.name,
            # A line about a breach that is hidden stays hidden with it (R35).
            breach=past.breach,
            details={done: past.explanation.action},
        )

    decide_and_commit(parts, ask).or_refuse()
    if past is None:
        raise NotAvailable
    return past


@attrs.frozen(kw_only=True)
class WouldBe:
    """What would be asked."""

    action: str
    name: str
    """Of what it would be done to."""
    person: str = ""
    """Who would do it; empty for the caller."""
    role: str = "adviser"
    """In which role a colleague would."""
    purpose: str = "advice"


def foresee_decision(parts: Parts, who: Who, asked: WouldBe) -> Explanation:
    """
    Say how a decision would turn out now, by the facts as they are, without making it.

    Facts that only another service has are taken as the student agreed to them: recipient,
    purpose and payload of a disclosure.

    Raises:
        InvalidFields: it can't be foreseen, or is not done to such a thing.
        NotAvailable: they may not know, or there is no such record.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
        RefusedByPolicy: an adviser asks about a colleague.
    """
    if asked.action not in FORESEEN:
        raise InvalidFields({"action": f"must be one of {', '.join(sorted(FORESEEN))}"})
    if asked.name.startswith(_NAMES_BY_CONSENT) is not (asked.action in _BY_CONSENT):
        raise InvalidFields({"name": "is nothing that this is done to"})
    doer = who
    if asked.person and asked.person != who.name:
        doer = Who(asked.person, "staff", frozenset({asked.role}), second_factor=True)
    with parts.new_reads() as work:
        now = parts.clock()
        record = _record(work, asked.name)
        found = parts.policy.decide(_question(work, doer, record, asked, now))

    def ask(work: Work, _: datetime) -> Asked:
        return questions.to_foresee(who, work.records.find(record.name), doer.name), Line(
            about=asked.name,
            breach=breach_of(work, record),
            details={"foreseen": asked.action, "answer": found.effect, "for": doer.name},
        )

    decide_and_commit(parts, ask).or_refuse()
    return Explanation(
        name="",
        action=asked.action,
        person=doer.name,
        allowed=found.allowed,
        reasons=found.reasons,
        clauses=found.clauses,
        obligations=frozenset(found.obligations),
        at=now,
        policy_set=found.policy_set,
    )


def _record(work: Work, name: str) -> Record:
    """Give what a name is about; of a disclosure that no student was asked about, we know none."""
    record = f"records/{bare(name)}"
    if name.startswith(_NAMES_BY_CONSENT) and (consent := work.consents.of_disclosure(name)):
        record = consent.asked.record
    return work.records.find(record)


def _question(work: Work, doer: Who, record: Record, asked: WouldBe, now: datetime) -> Question:
    action = asked.action
    if action in _ON_A_RECORD:
        return questions.to_open(
            doer,
            action,
            record,
            asked.purpose,
            frozenset(),
            record.kept_by,
            name_request=name_request_of(work, record),
        )
    if action in _BY_CONSENT:
        return _by_consent(doer, action, record, work.consents.of_disclosure(asked.name), now)
    breach = work.breaches.find(f"breaches/{bare(asked.name)}")
    if action == "breach:decide":
        trusting = under_this_ground(named_by_student(work, doer, record), breach)
        standing = [each for each in trusting if each.holds_at(now)]
        trusted = recipients_of(standing)
        return questions.to_decide(
            doer, record, breach, now, despite_advice=False, trusted_contacts=trusted
        )
    return questions.on_breach(doer, action, record, breach, now)


def _by_consent(
    doer: Who, action: str, record: Record, consent: Consent | None, now: datetime
) -> Question:
    """Take what cases would say as the student agreed to it."""
    if consent is None or action == "consent:export":
        return questions.to_export(doer, record, consent)
    agreed = consent.asked
    items = agreed.items | {agreed.disclosure}
    match action:
        case "disclosure:preview":
            through = record.kept_by
            return questions.to_open(doer, action, record, "disclosure", items, through, consent)
        case "disclosure:recall":
            return questions.to_recall(doer, record)
        case "use:confirm":
            return questions.to_confirm_use(
                doer,
                record,
                consent,
                now,
                recipient=agreed.recipient,
                payload_digest=agreed.payload_digest,
                items=items,
            )
    return questions.to_send(
        doer,
        record,
        consent,
        now,
        recipient=agreed.recipient,
        purpose=agreed.purpose,
        payload_digest=agreed.payload_digest,
        items=items,
    )
