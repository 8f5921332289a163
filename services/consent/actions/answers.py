"""How a student answers: yes or no, in a session of their own, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from sas.consent.v1.events_pb2 import ConsentEnded

from common.errors import NotAvailable
from common.passkeys import PasskeySignature
from services.consent.actions.deciding import Line, Recorded, decide
from services.consent.actions.exporting import record_sha256
from services.consent.actions.parts import Parts
from services.consent.actions.passkeys import Signing, look_at
from services.consent.actions.receipts import Proven, prove, prove_appended
from services.consent.domain.consent import Consent, Happened, Happening, State
from services.consent.domain.facts import Record, Who
from services.consent.domain.obligations import Obligation
from services.consent.domain.texts import current, render, sha256
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen(kw_only=True)
class Shown:
    """What somebody stands up for: the very text and payload that they were shown."""

    consent: str
    text_sha256: str
    payload_digest: str


def give_consent(
    parts: Parts, who: Who, shown: Shown, act: str, signed: PasskeySignature | None = None
) -> tuple[Consent, Proven]:
    """
    Say yes, as the student, to exactly what was shown; and get a receipt.

    Prior: by our clock, and before any sending in the ledger's order. Explicit: the student's own
    act, signed with their passkey where they have one. Informed: of this very text, after an
    allowed preview of this very payload. A repeated yes is no second act: it gives the receipt of
    the first.

    Raises:
        NotAvailable: nobody asked this student that.
        RefusedByPolicy: to the student, with every reason.
        TryAgain: Vault can't be reached. The yes may stand already; saying it again is safe.
    """
    line = Happened(Happening.GIVEN, parts.clock(), None, act=act)
    return _with_receipt(parts, who, shown, "consent:give", line, signed)


def confirm_consent(
    parts: Parts, who: Who, shown: Shown, signed: PasskeySignature | None = None
) -> tuple[Consent, Proven]:
    """
    Confirm, as the student, a yes that a staff member noted; and get a receipt.

    The same is asked for as for a yes of one's own: this text, this payload, seen before, and
    their passkey.

    Raises:
        NotAvailable: nobody asked this student that.
        RefusedByPolicy: to the student, with every reason; such as that its time is over.
        TryAgain: Vault can't be reached. It may stand already; confirming again is safe.
    """
    line = Happened(Happening.CONFIRMED, parts.clock(), None)
    return _with_receipt(parts, who, shown, "consent:confirm", line, signed)


def refuse_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Say no, as the student. Saying it again changes nothing, and no passkey is asked for.

    Raises:
        NotAvailable: nobody asked this student that.
        RefusedByPolicy: a yes is not refused but withdrawn.
    """
    return end(parts, who, name, "consent:refuse", Happening.REFUSED)


def withdraw_consent(parts: Parts, who: Who, name: str) -> Consent:
    """
    Take a consent back, as the student. It works at once, and again changes nothing.

    No passkey is asked for: it would not be as easy as giving to whoever has lost theirs.

    Raises:
        NotAvailable: nobody asked this student that.
    """
    return end(parts, who, name, "consent:withdraw", Happening.WITHDRAWN)


def _with_receipt(
    parts: Parts,
    who: Who,
    shown: Shown,
    action: str,
    line: Happened,
    signed: PasskeySignature | None,
) -> tuple[Consent, Proven]:
    def said_before(consent: Consent, now: datetime) -> bool:
        said = consent.given if line.what is Happening.GIVEN else consent.confirmed
        return (
            consent.state_at(now) is State.GIVEN
            and said is not None
            and said.by == who.name == consent.asked.student
        )

    consent, recorded = agree(
        parts,
        who,
        shown,
        action,
        line,
        unless=said_before,
        discharges=frozenset({Obligation.RECEIPT}),
        signed=signed,
    )
    if recorded is not None:
        return consent, prove_appended(parts, recorded.appended)
    said = next(each for each in consent.log if each.what is line.what)
    with parts.new_work() as work:
        return consent, prove(parts, work, said.ledger_index)


def agree(
    parts: Parts,
    who: Who,
    shown: Shown,
    action: str,
    line: Happened,
    *,
    unless: Callable[[Consent, datetime], bool] = lambda consent, now: False,
    discharges: frozenset[Obligation] = frozenset(),
    signed: PasskeySignature | None = None,
) -> tuple[Consent, Recorded | None]:
    """
    Add a yes, or what stands up for one, to the log of a consent, if the policy allows it.

    Args:
        parts: what actions work with.
        who: the caller.
        shown: what they say that they were shown.
        action: as the policy names it.
        line: what would happen; its time, place in the ledger and author are set here.
        unless: whether it was said before, so that there is nothing to decide.
        discharges: what the caller sees to after a yes.
        signed: by the student's passkey, where it is their own act.

    Raises:
        NotAvailable: there is no such consent, or they may not know of it.
        RefusedByPolicy: to those who may know, with every reason.
    """
    with parts.new_change() as work:
        consent, record = _find(work, shown.consent)
        now = parts.clock()
        if consent is not None and unless(consent, now):
            return consent, None
        signing = look_at(parts, work, who, consent, signed)
        line = attrs.evolve(
            line,
            at=now,
            by=who.name,
            text_sha256=shown.text_sha256,
            signature_sha256=signing.sha256,
        )
        recorded = decide(
            parts,
            work,
            questions.to_agree(
                who,
                action,
                record,
                consent,
                now,
                text_shown=shown.text_sha256,
                payload_digest=shown.payload_digest,
                text_current=_text_current(consent),
                previewed=_previewed(work, consent, who),
                spoken=line.spoken,
                signature=signing.state,
            ),
            Line(
                about=shown.consent,
                consent=consent,
                disclosure=consent.asked.disclosure if consent else "",
                payload_digest=shown.payload_digest,
                details=_details(action, shown, line, signing) | _becomes(parts, consent, line),
            ),
            now,
            discharges=discharges,
        )
        if recorded.allowed and consent is not None:
            happened = attrs.evolve(line, ledger_index=recorded.index)
            if signing.signature is not None:
                work.signatures.keep(signing.signature, signing.count)
            work.consents.note(shown.consent, happened)
            consent = consent.then(happened)
        work.commit()
    recorded.or_refuse()
    if consent is None:
        raise NotAvailable
    return consent, recorded


def end(parts: Parts, who: Who, name: str, action: str, what: Happening) -> Consent:
    """
    End a consent, if the policy allows it, and tell it. Ending it again changes nothing.

    Raises:
        NotAvailable: there is no such consent, or they may not know of it.
        RefusedByPolicy: to those who may know, with every reason.
    """
    with parts.new_change() as work:
        consent, record = _find(work, name)
        if consent and str(consent.state) == str(what) and consent.asked.student == who.name:
            return consent
        now = parts.clock()
        line = Happened(what, now, None, who.name)
        recorded = decide(
            parts,
            work,
            questions.to_end(who, action, record, consent, now),
            Line(
                about=name,
                consent=consent,
                disclosure=consent.asked.disclosure if consent else "",
                details=_becomes(parts, consent, line),
            ),
            now,
            discharges=frozenset({Obligation.NOTIFY}),
        )
        if recorded.allowed and consent is not None:
            line = attrs.evolve(line, ledger_index=recorded.index)
            ended = consent.then(line)
            if ended is not consent:
                work.consents.note(name, line)
                work.tell(
                    ConsentEnded(consent=name, disclosure=consent.asked.disclosure, how=str(what))
                )
            consent = ended
        work.commit()
    recorded.or_refuse()
    if consent is None:
        raise NotAvailable
    return consent


def _find(work: Work, name: str) -> tuple[Consent | None, Record]:
    """Find a consent, and the record that it is about."""
    found = work.consents.find(name)
    return found, work.records.find(found.asked.record) if found else Record("")


def _details(action: str, shown: Shown, line: Happened, signing: Signing) -> dict[str, str]:
    details = {"text_sha256": shown.text_sha256}
    if action in questions.OWN_YES:
        details |= signing.details
    if line.act:
        details["act"] = line.act
    if line.spoken:
        details |= {
            "manner": line.spoken.manner,
            "place": line.spoken.place,
            "spoken_at": line.spoken.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "confirm_by": line.spoken.confirm_by.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    return details


def _becomes(parts: Parts, consent: Consent | None, line: Happened) -> dict[str, str]:
    """Give the digest of the record as the line would leave it; nothing if it changes nothing."""
    if consent is None or (after := consent.then(line)) is consent:
        return {}
    return {"record_sha256": record_sha256(parts, after)}


def _previewed(work: Work, consent: Consent | None, who: Who) -> bool:
    if consent is None:
        return False
    return work.ledger.was_allowed("disclosure:preview", consent.asked.disclosure, who.name)


def _text_current(consent: Consent | None) -> str:
    """Give the hash of the text as it would be shown today."""
    if consent is None:
        return ""
    asked = consent.asked
    return sha256(render(current(asked.purpose), asked.purpose, asked.ends_at))
