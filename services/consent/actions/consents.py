"""Consents: asking, saying yes or no, taking it back, and looking them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from sas.consent.v1.events_pb2 import ConsentEnded

from common.errors import InvalidFields, NotAvailable, SecondFactorNeeded, WrongState
from services.consent.actions.deciding import Line, decide
from services.consent.actions.parts import Parts
from services.consent.actions.receipts import Proven, prove, prove_appended
from services.consent.domain.consent import Asked, Consent, Happened, State
from services.consent.domain.facts import Record, Who
from services.consent.domain.names import is_name, new_name
from services.consent.domain.texts import CURRENT, PURPOSES, render, sha256
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen(kw_only=True)
class Request:
    """What a student is to be asked, as cases says it."""

    record: str
    disclosure: str
    recipient: str
    purpose: str
    payload_digest: str
    items: Sequence[str]
    ends_at: datetime


def request_consent(parts: Parts, who: Who, asked: Request) -> Consent:
    """
    Ask a student for consent to one disclosure. Asking for the same again changes nothing.

    Raises:
        InvalidFields: a name or the purpose is none.
        NotAvailable: they may not, or there is no such record.
        RefusedByPolicy: with every reason.
        WrongState: this disclosure was asked about in other words.
    """
    wrong = {}
    if not is_name(asked.disclosure, "disclosures"):
        wrong["disclosure"] = "is not a name"
    if not is_name(asked.recipient, "thirdParties"):
        wrong["recipient"] = "is not a name"
    if not all(map(is_name, asked.items)):
        wrong["items"] = "must be resource names"
    if asked.purpose not in PURPOSES:
        wrong["purpose"] = "is not one that a text exists for"
    if wrong:
        raise InvalidFields(wrong)
    now = parts.clock()
    with parts.new_work() as work:
        record = work.records.load(asked.record)
        work.locks.hold(asked.disclosure)
        earlier = work.consents.of_disclosure(asked.disclosure)
        items = frozenset(asked.items)
        recorded = decide(
            parts,
            work,
            questions.to_request(who, record, items, asked.ends_at, now),
            Line(
                purpose="disclosure",
                about=asked.disclosure,
                items=tuple(sorted(items)),
                consent=earlier,
                disclosure=asked.disclosure,
                payload_digest=asked.payload_digest,
                details={"recipient": asked.recipient, "for": asked.purpose},
            ),
            now,
        )
        consent = earlier
        if recorded.allowed and earlier is None:
            consent = Consent(
                Asked(
                    consent=new_name("consents"),
                    record=record.name,
                    student=record.student,
                    disclosure=asked.disclosure,
                    recipient=asked.recipient,
                    purpose=asked.purpose,
                    payload_digest=asked.payload_digest,
                    items=items,
                    text_version=CURRENT,
                    text_sha256=sha256(render(CURRENT, asked.purpose, asked.ends_at)),
                    asked_by=who.name,
                    asked_at=now,
                    ends_at=asked.ends_at,
                    ledger_index=recorded.index,
                )
            )
            work.consents.ask(consent.asked)
        work.commit()
    recorded.or_refuse()
    if consent is None or not _asks_the_same(consent.asked, asked):
        raise WrongState("Consent to this disclosure was asked for in other words.")
    return consent


@attrs.frozen(kw_only=True)
class Yes:
    """What the student says yes to: the very text and payload that they were shown."""

    consent: str
    act: str
    text_sha256: str
    payload_digest: str


def give_consent(parts: Parts, who: Who, yes: Yes) -> tuple[Consent, Proven]:
    """
    Say yes, as the student, to exactly what was shown; and get a receipt.

    Prior: by our clock, and before any sending in the ledger's order. Explicit: the student's own
    act. Informed: of this very text, after an allowed preview of this very payload. A repeated yes
    is no second act: it gives the receipt of the first.

    Raises:
        NotAvailable: nobody asked this student that.
        RefusedByPolicy: to the student, with every reason.
        TryAgain: Vault can't be reached. The yes may stand already; saying it again is safe.
    """
    with parts.new_work() as work:
        consent, record = _hold(work, yes.consent)
        now = parts.clock()
        given = consent.given if consent is not None else None
        if consent and given and consent.state_at(now) is State.GIVEN and _asked_of(consent, who):
            return consent, prove(parts, work, given.ledger_index)
        recorded = decide(
            parts,
            work,
            questions.to_give(
                who,
                record,
                consent,
                now,
                text_shown=yes.text_sha256,
                payload_digest=yes.payload_digest,
                text_current=_text_current(consent),
                previewed=_previewed(work, consent, who),
            ),
            Line(
                about=yes.consent,
                consent=consent,
                disclosure=consent.asked.disclosure if consent else "",
                payload_digest=yes.payload_digest,
                details={"act": yes.act, "text_sha256": yes.text_sha256},
            ),
            now,
        )
        if recorded.allowed and consent is not None:
            line = Happened(State.GIVEN, now, recorded.index, yes.text_sha256, yes.act)
            work.consents.note(yes.consent, line)
            consent = consent.then(line)
        work.commit()
    recorded.or_refuse()
    if consent is None:
        raise NotAvailable
    return consent, prove_appended(parts, recorded.appended)


def refuse_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Say no, as the student. Saying it again changes nothing.

    Raises:
        NotAvailable: nobody asked this student that.
        RefusedByPolicy: a yes is not refused but withdrawn.
    """
    return _end(parts, who, name, "consent:refuse", State.REFUSED)


def withdraw_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Take a consent back, as the student. It works at once, and again changes nothing.

    Raises:
        NotAvailable: nobody asked this student that.
    """
    return _end(parts, who, name, "consent:withdraw", State.WITHDRAWN)


def _end(parts: Parts, who: Who, name: str, action: str, state: State) -> Consent:
    with parts.new_work() as work:
        consent, record = _hold(work, name)
        if consent and consent.state is state and _asked_of(consent, who):
            return consent
        now = parts.clock()
        recorded = decide(
            parts,
            work,
            questions.to_end(who, action, record, consent, now),
            Line(
                about=name,
                consent=consent,
                disclosure=consent.asked.disclosure if consent else "",
            ),
            now,
        )
        if recorded.allowed and consent is not None:
            ended = consent.then(Happened(state, now, recorded.index))
            if ended is not consent:
                work.consents.note(name, Happened(state, now, recorded.index))
                work.tell(
                    ConsentEnded(consent=name, disclosure=consent.asked.disclosure, how=str(state))
                )
            consent = ended
        work.commit()
    recorded.or_refuse()
    if consent is None:
        raise NotAvailable
    return consent


def get_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Give one consent: to the student it is asked of, or to the staff.

    Raises:
        NotAvailable: they may not see it, or there is none.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
    """
    _need_second_factor(who)
    with parts.new_work() as work:
        consent = work.consents.find(name)
        if consent is not None and _may_see(work, who, consent):
            return consent
    raise NotAvailable


def list_consents(
    parts: Parts, who: Who, student: str, *, before: int | None, count: int
) -> list[Consent]:
    """
    List a student's consents, newest first: their own, or, for the staff, anybody's.

    Raises:
        NotAvailable: they may not.
        InvalidFields: staff have none of their own.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
    """
    _need_second_factor(who)
    if who.kind == "student" and student in ("", who.name):
        student, hidden = who.name, list[str]()
    elif not who.is_staff_of_service:
        raise NotAvailable
    elif not student:
        raise InvalidFields({"student": "is needed"})
    with parts.new_work() as work:
        if who.is_staff_of_service:
            hidden = [
                name
                for name in work.consents.records_of(student)
                if who.name in work.records.load(name).walled
            ]
        return work.consents.of_student(student, hidden_records=hidden, before=before, count=count)


def _need_second_factor(who: Who) -> None:
    if who.is_staff_of_service and not who.second_factor:
        raise SecondFactorNeeded


def _may_see(work: Work, who: Who, consent: Consent) -> bool:
    if who.is_staff_of_service:
        return who.name not in work.records.load(consent.asked.record).walled
    return _asked_of(consent, who)


def _asked_of(consent: Consent, who: Who) -> bool:
    return who.kind == "student" and consent.asked.student == who.name


def _hold(work: Work, name: str) -> tuple[Consent | None, Record]:
    """
    Find a consent and keep its disclosure to oneself, so that its log can't grow meanwhile.

    The log is read after the lock is there: what was committed while waiting counts.
    """
    found = work.consents.find(name)
    if found is None:
        return None, Record("")
    record = work.records.load(found.asked.record)
    work.locks.hold(found.asked.disclosure)
    return work.consents.find(name), record


def _previewed(work: Work, consent: Consent | None, who: Who) -> bool:
    if consent is None:
        return False
    return work.ledger.was_allowed("disclosure:preview", consent.asked.disclosure, who.name)


def _text_current(consent: Consent | None) -> str:
    """Give the hash of the text as it would be shown today."""
    if consent is None:
        return ""
    return sha256(render(CURRENT, consent.asked.purpose, consent.asked.ends_at))


def _asks_the_same(known: Asked, asked: Request) -> bool:
    return (
        known.record == asked.record
        and known.recipient == asked.recipient
        and known.purpose == asked.purpose
        and known.payload_digest == asked.payload_digest
        and known.items == frozenset(asked.items)
        and known.ends_at == asked.ends_at
    )
