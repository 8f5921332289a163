"""The procedure for breaching confidentiality: facts, advice, the decision, what was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from sas.consent.v1.events_pb2 import StaffAwaited

from common.errors import InvalidFields, NotAvailable, WrongState
from services.consent.actions.deciding import Line, decide
from services.consent.actions.parts import Parts
from services.consent.actions.trusting import named_by_student, recipients_of, under_this_ground
from services.consent.domain.breach import Breach, BreachFacts, Decided, StudentFirst
from services.consent.domain.consent import Consent
from services.consent.domain.facts import Record, Who
from services.consent.domain.names import bare, is_name
from services.consent.domain.obligations import Obligation
from services.consent.domain.tasks import Task
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen
class Procedure:
    """How far a breach got, and what the policy still asks for."""

    breach: Breach
    missing: tuple[str, ...]
    trusted_contacts: tuple[Consent, ...]
    """Whom the student has agreed that we turn to in such a risk, as these consents stand."""
    left: frozenset[str]
    """Colleagues who were asked and, without having answered, are not of the staff any more."""


def record_facts(parts: Parts, who: Who, facts: BreachFacts) -> Procedure:
    """
    Take the facts of a breach under consideration as a new version, and say what is missing.

    Whoever tells the first version is the staff member involved: the decision is theirs.

    Raises:
        InvalidFields: the names do not belong together.
        NotAvailable: there is no such record, or there is a wall.
        WrongState: it is decided, and nothing in it changes any more.
    """
    if not is_name(facts.breach, "breaches") or bare(facts.breach) != bare(facts.record):
        raise InvalidFields({"record": "is not the breach's own"})
    if not all(is_name(name, "thirdParties") for name, _ in facts.recipients):
        raise InvalidFields({"recipients": "must be names of third parties"})
    with parts.new_change() as work:
        record = _record(work, who, facts.breach)
        if record.parent != facts.case_record:
            raise InvalidFields({"case_record": "is not the record it belongs to"})
        named = named_by_student(work, who, record)
        known = work.breaches.find(facts.breach)
        if known is not None and known.decided is not None:
            raise WrongState("It is decided, and stays as it is.")
        _check_tipping_off(work, known, facts)
        if known is None or not _same(known.facts, facts):
            work.breaches.record(attrs.evolve(facts, recorded_at=parts.clock()))
        procedure = _procedure(parts, work, who, record, named, facts.breach)
        work.commit()
    return procedure


def ask_for_advice(parts: Parts, who: Who, name: str, colleague: str) -> Procedure:
    """
    Ask a colleague for advice. Asking again changes nothing.

    Raises:
        NotAvailable: there is no such breach, or there is a wall.
        InvalidFields: the colleague is the one involved, is not of the Service's staff (any more),
            or can't be asked about this.
        WrongState: it is decided.
    """
    with parts.new_change() as work:
        record = _record(work, who, name)
        named = named_by_student(work, who, record)
        breach = work.breaches.find(name)
        if breach is None:
            raise NotAvailable
        if breach.decided is not None:
            raise WrongState("It is decided, and stays as it is.")
        now = parts.clock()
        if colleague in {breach.involved, *record.walled} or not work.staff.is_of_the_service(
            colleague, now
        ):
            # One answer for all of them, so that a wall is not told.
            raise InvalidFields({"colleague": "can't advise on this: ask somebody else"})
        if work.breaches.ask(name, colleague, who.name, now):
            work.tell(StaffAwaited(staff_member=colleague))
        procedure = _procedure(parts, work, who, record, named, name)
        work.commit()
    return procedure


def give_advice(parts: Parts, who: Who, name: str, *, against: bool) -> Procedure:
    """
    Give advice, as the colleague who was asked, from a session of one's own.

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        record = work.records.find(_record_name(name))
        breach = work.breaches.find(name)
        now = parts.clock()
        recorded = decide(
            parts,
            work,
            questions.on_breach(who, "breach:advise", record, breach, now),
            Line(breach=name, details={"advice": "against" if against else "for"}),
            now,
        )
        if recorded.allowed:
            work.breaches.answer(
                name, who.name, against=against, at=now, ledger_index=recorded.index
            )
        work.commit()
    recorded.or_refuse()
    return get_procedure(parts, who, name)


def get_procedure(parts: Parts, who: Who, name: str) -> Procedure:
    """
    Say how far the procedure got.

    Raises:
        NotAvailable: there is no such breach, or there is a wall.
    """
    with parts.new_reads() as work:
        record = _record(work, who, name)
        named = named_by_student(work, who, record)
        return _procedure(parts, work, who, record, named, name)


def authorise_breach(
    parts: Parts, who: Who, name: str, *, despite_advice: bool, emergency: bool
) -> int:
    """
    Decide whether confidentiality may be breached, and give the place of the entry.

    Whoever is to be told as a trusted contact is told by the student's own consent, and the entry
    cites it (R33).

    In an emergency, when no colleague can be reached, it may be without advice; what is decided
    so waits for a colleague's review (R36).

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: with everything that is missing.
    """
    with parts.new_change() as work:
        record = work.records.find(_record_name(name))
        named = named_by_student(work, who, record)
        breach = work.breaches.find(name)
        trusting = under_this_ground(named, breach)
        now = parts.clock()
        standing = [each for each in trusting if each.holds_at(now)]
        recorded = decide(
            parts,
            work,
            questions.to_decide(
                who,
                record,
                breach,
                now,
                despite_advice=despite_advice,
                emergency=emergency,
                trusted_contacts=recipients_of(standing),
            ),
            _line(
                name, breach, record, standing, despite_advice=despite_advice, emergency=emergency
            ),
            now,
            # Whoever decided is told its place, which is kept, and `prove_decision` proves it.
            discharges=frozenset({Obligation.RECEIPT}),
        )
        if recorded.allowed and breach is not None:
            work.breaches.decide(
                name,
                Decided(who.name, now, recorded.index, emergency, breach.facts.by_consent),
            )
            if emergency:
                review = Task.review(name, now)
                for colleague in review.waits_for(work.staff.team(now), record):
                    work.tell(StaffAwaited(staff_member=colleague))
        work.commit()
    return recorded.or_refuse().index


@attrs.frozen(kw_only=True)
class Told:
    """What is to be recorded as told; the words are in cases, this is their digest."""

    breach: str
    recipient: str
    payload_digest: str
    told_at: datetime


def authorise_telling(parts: Parts, who: Who, told: Told) -> int:
    """
    Decide whether this may be recorded as told under a decided breach; give the entry's place.

    A trusted contact was told by consent if it stood when they were told: people note afterwards
    what they told, and a withdrawal in between does not make it untold.

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: it is not decided, or not for this recipient, or their consent was over.
    """
    with parts.new_change() as work:
        record = work.records.find(_record_name(told.breach))
        named = named_by_student(work, who, record)
        breach = work.breaches.find(told.breach)
        trusting = under_this_ground(named, breach)
        now, then = parts.clock(), _when(told, breach)
        standing = [each for each in trusting if each.held_at(then)]
        recorded = decide(
            parts,
            work,
            questions.to_tell(
                who,
                record,
                breach,
                now,
                recipient=told.recipient,
                told_at=told.told_at,
                trusted_contacts=recipients_of(standing),
            ),
            Line(
                breach=told.breach,
                consent=_consent_to_tell(told, breach, standing),
                payload_digest=told.payload_digest,
                details={
                    "recipient": told.recipient,
                    "told_at": told.told_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
            ),
            now,
        )
        work.commit()
    return recorded.or_refuse().index


def _when(told: Told, breach: Breach | None) -> datetime:
    """When it was told: people note the minute, and it was not before the decision."""
    decided = breach.decided if breach else None
    return max(told.told_at, decided.at) if decided else told.told_at


def _consent_to_tell(
    told: Told, breach: Breach | None, standing: Sequence[Consent]
) -> Consent | None:
    """Give the consent by which it was told, if it was to a trusted contact."""
    if breach is None or told.recipient not in breach.facts.as_trusted_contacts:
        return None
    return next((each for each in standing if each.asked.recipient == told.recipient), None)


def authorise_addendum(
    parts: Parts, who: Who, name: str, *, addendum: str, payload_digest: str
) -> int:
    """
    Decide whether this may be added to the record of a decided breach; give the entry's place.

    What was decided stays as it is: whoever has to correct it adds to it (R38).

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: it is not decided, so it can still be amended.
    """
    with parts.new_change() as work:
        record = work.records.find(_record_name(name))
        now = parts.clock()
        recorded = decide(
            parts,
            work,
            questions.on_breach(who, "breach:add", record, work.breaches.find(name), now),
            Line(breach=name, about=addendum, payload_digest=payload_digest),
            now,
        )
        work.commit()
    return recorded.or_refuse().index


def _record_name(breach: str) -> str:
    return f"records/{bare(breach)}"


def _record(work: Work, who: Who, breach: str) -> Record:
    """Load the record of a breach, for what leaves no entry: it must be there, without a wall."""
    record = work.records.find(_record_name(breach))
    if record.kind != "breach" or record.disposed_at is not None or record.walls_off(who.name):
        raise NotAvailable
    return record


def _procedure(
    parts: Parts, work: Work, who: Who, record: Record, named: Sequence[Consent], name: str
) -> Procedure:
    """Ask the policy, without a decision, what is still to be done; so nothing is written."""
    breach = work.breaches.find(name)
    if breach is None:
        raise NotAvailable
    now = parts.clock()
    standing = [each for each in under_this_ground(named, breach) if each.holds_at(now)]
    question = questions.to_decide(
        who, record, breach, now, despite_advice=False, trusted_contacts=recipients_of(standing)
    )
    missing = tuple(sorted(parts.policy.decide(question).missing))
    left = frozenset(each.colleague for each in breach.advice if each.left(now))
    return Procedure(breach, missing, tuple(standing), left)


def _check_tipping_off(work: Work, known: Breach | None, facts: BreachFacts) -> None:
    """
    Keep a staff member from speaking to the student where that may be an offence (R35).

    An attempt from before such a ground was chosen stays recorded.
    """
    if not facts.tipping_off:
        return
    before = known.facts.student_first if known else StudentFirst()
    if facts.student_first != before:
        raise InvalidFields({"student_first": "switched off: telling them may be an offence"})
    if known is None or facts.ground == known.facts.ground:
        return
    embargo = work.embargoes.find(facts.breach)
    if embargo is not None and embargo.lifted_at is not None:
        # What the student has seen can't be hidden again.
        raise WrongState("Its embargo was lifted. Begin a new record for this ground.")


def _line(
    name: str,
    breach: Breach | None,
    record: Record,
    standing: Sequence[Consent],
    *,
    despite_advice: bool,
    emergency: bool,
) -> Line:
    if breach is None:
        return Line(breach=name)
    advice = breach.advice_that_counts(record.walled)
    details = {
        "ground": breach.facts.ground,
        "whose_safety": breach.facts.whose_safety,
        "student_first": breach.facts.student_first.said,
        "despite_advice": "yes" if despite_advice else "no",
        "emergency": "yes" if emergency else "no",
    }
    if advice is not None:
        details["advised_by"] = advice.colleague
        details["advice"] = "against" if advice.against else "for"
    trusted = breach.facts.as_trusted_contacts
    cited = [each.asked.consent for each in standing if each.asked.recipient in trusted]
    details |= {f"consent_{number}": consent for number, consent in enumerate(cited, 1)}
    return Line(
        breach=name,
        items=tuple(sorted(recipient for recipient, _ in breach.facts.recipients)),
        payload_digest=breach.facts.words_digest,
        details=details,
    )


def _same(known: BreachFacts, told: BreachFacts) -> bool:
    """Whether nothing changed but who tells it, and when."""
    return known == attrs.evolve(told, recorded_by=known.recorded_by, recorded_at=known.recorded_at)
