"""Consents: asking for them, and looking them up. How a student answers: `answers.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from sas.consent.v1.events_pb2 import ConsentEnded

from common.errors import InvalidFields, NotAvailable, SecondFactorNeeded
from services.consent.actions.deciding import Line, decide
from services.consent.actions.exporting import record_sha256
from services.consent.actions.parts import Parts
from services.consent.domain.consent import Asked, Consent, Happened, Happening, State
from services.consent.domain.facts import Record, Who
from services.consent.domain.kinds import Kind, kind_of
from services.consent.domain.names import is_name, new_name
from services.consent.domain.texts import PURPOSES, VERSIONS, current, render, sha256
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


def request_consent(parts: Parts, who: Who, request: Request) -> Consent:
    """
    Ask a student for consent to one thing. Asking for the very same again changes nothing.

    Asking for the same with another day, address or text takes the place of an earlier consent
    that is still open: a student has one consent at a time to one letter for one tutor.

    Raises:
        InvalidFields: a name or the purpose is none, or an item stands there twice.
        NotAvailable: they may not, or there is no such record.
        RefusedByPolicy: with every reason.
    """
    _must_be_exact(request)
    now = parts.clock()
    with parts.new_change() as work:
        record = work.records.find(request.record)
        asked = _asked(request, record, who, now)
        same, replaced = _earlier(work, asked, now)
        details = {"recipient": asked.recipient, "for": asked.purpose}
        if same is None:
            details["record_sha256"] = record_sha256(parts, Consent(asked))
            details |= {f"replaces_{n}": each.asked.consent for n, each in enumerate(replaced, 1)}
        recorded = decide(
            parts,
            work,
            questions.to_request(who, record, asked.kind, asked.items, asked.ends_at, now),
            Line(
                purpose="disclosure",
                about=asked.disclosure,
                items=tuple(sorted(asked.items)),
                consent=same or Consent(asked),
                disclosure=asked.disclosure,
                payload_digest=asked.payload_digest,
                details=details,
            ),
            now,
        )
        if recorded.allowed and same is None:
            line = Happened(Happening.SUPERSEDED, now, recorded.index, who.name)
            for each in replaced:
                _replace(work, each, line, asked)
            asked = attrs.evolve(asked, ledger_index=recorded.index)
            work.consents.ask(asked)
        work.commit()
    recorded.or_refuse()
    return same or Consent(asked)


def _must_be_exact(request: Request) -> None:
    """Refuse what is no name: neither words nor "everything" can be asked for."""
    wrong = {}
    of_disclosure = kind_of(request.purpose) is Kind.DISCLOSURE
    if not is_name(request.disclosure, "disclosures" if of_disclosure else "contacts"):
        wrong["disclosure"] = "is not a name of what this purpose is for"
    if not is_name(request.recipient, "thirdParties"):
        wrong["recipient"] = "is not a name"
    if not request.items or not all(map(is_name, request.items)):
        wrong["items"] = "must be resource names, and at least one"
    elif len(set(request.items)) < len(request.items):
        wrong["items"] = "has one of them twice"
    if request.purpose not in PURPOSES:
        wrong["purpose"] = "is not one that a text exists for"
    if wrong:
        raise InvalidFields(wrong)


def _asked(request: Request, record: Record, who: Who, now: datetime) -> Asked:
    version = current(request.purpose)
    return Asked(
        consent=new_name("consents"),
        record=record.name,
        student=record.student,
        disclosure=request.disclosure,
        recipient=request.recipient,
        purpose=request.purpose,
        payload_digest=request.payload_digest,
        items=frozenset(request.items),
        text_version=version,
        text_sha256=sha256(render(version, request.purpose, request.ends_at)),
        language=VERSIONS[version].language,
        asked_by=who.name,
        asked_at=now,
        ends_at=request.ends_at,
        ledger_index=0,
    )


def _earlier(work: Work, asked: Asked, now: datetime) -> tuple[Consent | None, list[Consent]]:
    """Give the consent that asks the very same, if there is one, and those that this replaces."""
    known = work.consents.about_the_same(asked)
    same = next((each for each in known if _asks_the_very_same(each, asked)), None)
    return same, [each for each in known if each.open_at(now)]


def _asks_the_very_same(known: Consent, asked: Asked) -> bool:
    """Whether a repeated call asks this; an open request with an old text is asked anew."""
    own = ("consent", "asked_by", "asked_at", "ledger_index", "text_version", "text_sha256")
    mine = attrs.asdict(known.asked, recurse=False)
    new = attrs.asdict(asked, recurse=False)
    if any(mine[field] != new[field] for field in mine if field not in (*own, "language")):
        return False
    return known.state is not State.REQUESTED or known.asked.text_sha256 == asked.text_sha256


def _replace(work: Work, old: Consent, line: Happened, by: Asked) -> None:
    work.consents.note(old.asked.consent, line)
    if old.asked.disclosure != by.disclosure:
        work.tell(
            ConsentEnded(
                consent=old.asked.consent,
                disclosure=old.asked.disclosure,
                how=str(Happening.SUPERSEDED),
            )
        )


def get_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Give one consent: to the student it is asked of, or to the staff.

    Raises:
        NotAvailable: they may not see it, or there is none.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
    """
    _need_second_factor(who)
    with parts.new_reads() as work:
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
    with parts.new_reads() as work:
        if who.is_staff_of_service:
            hidden = [
                name
                for name in work.consents.records_of(student)
                if work.records.find(name).walls_off(who.name)
            ]
        return work.consents.of_student(student, hidden_records=hidden, before=before, count=count)


def _need_second_factor(who: Who) -> None:
    if who.is_staff_of_service and not who.second_factor:
        raise SecondFactorNeeded


def _may_see(work: Work, who: Who, consent: Consent) -> bool:
    if who.is_staff_of_service:
        return not work.records.find(consent.asked.record).walls_off(who.name)
    return who.kind == "student" and consent.asked.student == who.name
