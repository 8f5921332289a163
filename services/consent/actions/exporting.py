"""
Giving a consent away as a file: to the student whose it is, or to the staff.

The file's SHA-256 is in the entry that says who took it, and that of the record in every entry
that changed it: so the receipt of such an entry proves the file.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

import attrs

from common.errors import NotAvailable, WrongState
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.domain.consent import Consent
from services.consent.domain.exports import dpv_27560, fhir_r5
from services.consent.domain.facts import Record, Who
from services.consent.policies import questions
from services.consent.storage.work import Work


class Form(StrEnum):
    """In what form a consent is exported."""

    DPV_RECORD = "dpv_record"
    DPV_RECEIPT = "dpv_receipt"
    FHIR_R5 = "fhir_r5"
    PASSKEY_SIGNATURE = "passkey_signature"


@attrs.frozen
class Exported:
    """A file, with the place of the entry that names its digest."""

    content: bytes
    sha256: str
    media_type: str
    ledger_index: int


_MEDIA_TYPES = {
    Form.DPV_RECORD: "application/ld+json",
    Form.DPV_RECEIPT: "application/ld+json",
    Form.FHIR_R5: "application/fhir+json",
    Form.PASSKEY_SIGNATURE: "application/json",
}


def export_consent(parts: Parts, who: Who, name: str, form: Form) -> Exported:
    """
    Write one consent in a form that others can read.

    Raises:
        NotAvailable: they may not have it, or there is no such consent.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
        RefusedByPolicy: to staff of the Service, with every reason.
        WrongState: its signature is asked for, and there is none.
    """
    content = b""

    def ask(work: Work, _: datetime) -> Asked:
        nonlocal content
        consent = work.consents.find(name)
        record = work.records.find(consent.asked.record) if consent else Record("")
        content = _written(parts, work, consent, form) if consent else b""
        return questions.to_export(who, record, consent), Line(
            about=name,
            consent=consent,
            disclosure=consent.asked.disclosure if consent else "",
            details={"form": str(form), "file_sha256": hashlib.sha256(content).hexdigest()},
        )

    recorded = decide_and_commit(parts, ask).or_refuse()
    if recorded.line.consent is None:
        raise NotAvailable
    if not content:
        raise WrongState("No passkey has signed this consent.")
    digest = recorded.line.details["file_sha256"]
    return Exported(content, digest, _MEDIA_TYPES[form], recorded.index)


def record_sha256(parts: Parts, consent: Consent) -> str:
    """Give the digest of a consent's record, in hexadecimal, for the entry that made it so."""
    return hashlib.sha256(dpv_27560.record(consent, parts.controller)).hexdigest()


def _written(parts: Parts, work: Work, consent: Consent, form: Form) -> bytes:
    match form:
        case Form.DPV_RECORD:
            return dpv_27560.record(consent, parts.controller)
        case Form.DPV_RECEIPT:
            return dpv_27560.receipt(consent, parts.controller, parts.clock())
        case Form.FHIR_R5:
            return fhir_r5.consent_resource(consent, parts.controller, parts.clock())
        case Form.PASSKEY_SIGNATURE:
            line = consent.signed
            return work.signatures.find(line.signature_sha256 or "") if line else b""
