"""The disclosure gate: the one way by which words leave the Service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from common.errors import InvalidFields, NotAvailable
from services.consent.actions.deciding import Asked, Line, Recorded, decide, decide_and_commit
from services.consent.actions.opening import Opened, Wrapped, unwrap
from services.consent.actions.parts import Parts
from services.consent.actions.passes import Leaving, with_pass
from services.consent.domain.consent import Consent
from services.consent.domain.facts import Who
from services.consent.domain.names import is_name
from services.consent.domain.obligations import Obligation
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen(kw_only=True)
class Sending:
    """What would leave, to whom and what for, as cases says it."""

    disclosure: str
    record: str
    recipient: str
    purpose: str
    payload_digest: str
    items: Sequence[Wrapped]
    redacted: bool
    """Whether whoever is marked in it is blacked out in it."""


def authorise_disclosure(parts: Parts, who: Who, asked: Sending) -> Opened:
    """
    Decide whether a disclosure may be sent, commit that, and only then unwrap its data keys.

    A withdrawal that was committed before this decision is seen by it, and one that comes at the
    same moment stands after it, so the ledger's order is the order of what happened.

    Raises:
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
        TryAgain: Vault can't be reached; nothing was opened.
    """
    items = _names(asked.items)

    def ask(work: Work, now: datetime) -> Asked:
        consent = work.consents.of_disclosure(asked.disclosure)
        question = questions.to_send(
            who,
            work.records.find(asked.record),
            consent,
            now,
            recipient=asked.recipient,
            purpose=asked.purpose,
            payload_digest=asked.payload_digest,
            items=frozenset(items),
        )
        details = {"recipient": asked.recipient, "for": asked.purpose}
        return question, _line(asked.disclosure, consent, items, asked.payload_digest, details)

    # The receipt: whoever sent it is told the decision's place, and `prove_decision` proves it.
    # The redaction: the digest, which the pass binds, covers what was blacked out.
    seen_to = {Obligation.RECEIPT, *([Obligation.REDACT] if asked.redacted else [])}
    recorded = decide_and_commit(parts, ask, discharges=frozenset(seen_to))
    return _agreed(parts, recorded, asked.items)


@attrs.frozen(kw_only=True)
class Confirming:
    """To whom it would be confirmed that a student uses the Service, as cases says it."""

    contact: str
    record: str
    recipient: str
    payload_digest: str
    items: Sequence[Wrapped]


def authorise_confirmation(parts: Parts, who: Who, asked: Confirming) -> Opened:
    """
    Decide whether this third party may be told that the student uses the Service, and no more.

    Without a consent to just that, the answer is no, and we neither confirm nor deny (R9). The
    keys open who it may be said to, and nothing about the student.

    Raises:
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
        TryAgain: Vault can't be reached; nothing was opened.
    """
    items = _names(asked.items)

    def ask(work: Work, now: datetime) -> Asked:
        consent = work.consents.of_disclosure(asked.contact)
        question = questions.to_confirm_use(
            who,
            work.records.find(asked.record),
            consent,
            now,
            recipient=asked.recipient,
            payload_digest=asked.payload_digest,
            items=frozenset(items),
        )
        details = {"recipient": asked.recipient}
        return question, _line(asked.contact, consent, items, asked.payload_digest, details)

    return unwrap(parts, decide_and_commit(parts, ask), asked.items)


@attrs.frozen(kw_only=True)
class Collecting:
    """What a third party would see; cases has looked at link and code and says how that went."""

    disclosure: str
    record: str
    link_valid: bool
    payload_digest: str
    items: Sequence[Wrapped]


def authorise_collection(parts: Parts, asked: Collecting) -> Opened:
    """
    Decide whether a third party may see a disclosure now, commit that, and only then unwrap.

    What is unwrapped is the key of a delivery, which opens nothing without the link's secret. The
    key of what the delivery was made from is not to be had here: whoever only says that a link was
    right, and never saw it, gets nothing that opens (decision 0023).

    An unknown link takes the same way, under random names, and is written down too.

    Raises:
        NotAvailable: whatever the reason.
        TryAgain: Vault can't be reached; nothing was opened.
    """
    items = _names(asked.items)

    def ask(work: Work, now: datetime) -> Asked:
        consent = work.consents.of_disclosure(asked.disclosure)
        question = questions.to_collect(
            work.records.find(asked.record),
            consent,
            now,
            link_valid=asked.link_valid,
            deliveries=_deliveries(work, asked.disclosure),
            payload_digest=asked.payload_digest,
            items=frozenset(items),
        )
        return question, _line(asked.disclosure, consent, items, asked.payload_digest, {})

    recorded = decide_and_commit(parts, ask)
    return _agreed(parts, recorded, asked.items)


def _deliveries(work: Work, disclosure: str) -> frozenset[str]:
    """
    Give as what a disclosure was sent since it was last recalled.

    Each delivery has the name of the decision that let it be sent, so that nothing else can pass
    for one.
    """
    sent = work.ledger.allowed_since("disclosure:send", "disclosure:recall", disclosure)
    return frozenset(f"deliveries/{entry_id}" for entry_id in sent)


def record_recall(parts: Parts, who: Who, disclosure: str, record_name: str) -> int:
    """
    Take back a disclosure: until it is sent again, nobody collects it. Gives the entry's place.

    Collecting rests on this entry, so it changes the facts, as a withdrawal does: a look that was
    decided first stands, and one that comes at the same moment is decided anew and refused.

    Raises:
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
    """
    with parts.new_change() as work:
        record = work.records.find(record_name)
        consent = work.consents.of_disclosure(disclosure)
        recorded = decide(
            parts,
            work,
            questions.to_recall(who, record),
            Line(purpose="disclosure", about=disclosure, consent=consent, disclosure=disclosure),
            parts.clock(),
        )
        work.commit()
    return recorded.or_refuse().index


def _agreed(parts: Parts, recorded: Recorded, items: Sequence[Wrapped]) -> Opened:
    """Open what the student agreed to, and sign a pass for that and nothing else."""
    opened = unwrap(parts, recorded, items)
    consent = recorded.line.consent
    if consent is None:
        raise NotAvailable  # which the policy has refused before
    asked = consent.asked
    leaving = Leaving(
        recipient=asked.recipient, purpose=asked.purpose, payload_digest=asked.payload_digest
    )
    return with_pass(parts, recorded, opened, leaving)


def _line(
    about: str,
    consent: Consent | None,
    items: tuple[str, ...],
    payload_digest: str,
    details: Mapping[str, str],
) -> Line:
    return Line(
        purpose="disclosure",
        about=about,
        items=items,
        consent=consent,
        disclosure=about,
        payload_digest=payload_digest,
        details=details,
    )


def _names(items: Sequence[Wrapped]) -> tuple[str, ...]:
    names = tuple(each.item for each in items)
    if not all(map(is_name, names)):
        raise InvalidFields({"items": "must be resource names"})
    return names
