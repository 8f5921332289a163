"""A consent taken away as a file, and proved by the ledger (UK GDPR Art. 7(1))."""

from __future__ import annotations

import hashlib
import json
from uuid import uuid4

import pytest
from fhir.resources.consent import Consent as FhirConsent
from sas.consent.v1 import consents_pb2, ledger_pb2

from common.errors import InvalidFields, NotAvailable, SecondFactorNeeded
from services.consent.domain.ledger.entry import parse
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.receipt import Receipt
from tests.kit.house import Person
from tests.service.consent.deeds import Letter, accesses
from tests.service.consent.house import House, staff, student
from tests.unit.consent.test_exports import complaints

RECORD = consents_pb2.EXPORT_FORM_DPV_RECORD


def exported(
    sas: House, who: Person, name: str, form: consents_pb2.ExportForm.ValueType = RECORD
) -> consents_pb2.ExportConsentRecordResponse:
    request = consents_pb2.ExportConsentRecordRequest(name=name, form=form)
    return sas.call(who, sas.gateway.consents.ExportConsentRecord, request)


def test_the_receipt_proves_the_record_that_she_took_home(sas: House, letter: Letter) -> None:
    """R7, R8: who, what, when and to which text can be shown years later, without our word."""
    consent = letter.asked()
    letter.previewed()
    given = letter.given(consent)
    checkpoint = sas.call(
        staff("trustee"), sas.gateway.ledger.GetCheckpoint, ledger_pb2.GetCheckpointRequest()
    )
    key = VerifierKey.parse(checkpoint.public_key)
    entry = given.entry.encode()
    Receipt.parse(given.receipt).verify(entry, key)
    digest = hashlib.sha256(given.record.encode()).hexdigest()
    assert parse(entry)["details"]["record_sha256"] == digest
    assert complaints(given.record.encode()) == ""

    zoe = letter.case.student
    assert exported(sas, zoe, consent.name).content == given.record
    assert letter.given(consent).record == given.record


def test_each_line_has_the_digest_of_the_record_that_it_made(sas: House, letter: Letter) -> None:
    consent = letter.spoken()
    zoe = letter.case.student
    letter.previewed()
    for action, happens in (
        ("consent:record_verbal", lambda: None),
        ("consent:confirm", lambda: letter.confirmed(consent)),
        ("consent:withdraw", lambda: letter.withdrawn(consent)),
    ):
        happens()
        found = exported(sas, zoe, consent.name)
        entry = sas.last_entry(action=action, disclosure=letter.disclosure)
        assert entry["details"]["record_sha256"] == found.file_sha256
        assert hashlib.sha256(found.content.encode()).hexdigest() == found.file_sha256
    states = json.loads(found.content)["dpv:hasProcess"]["dpv:hasConsentStatus"]
    assert [each["@type"][0] for each in states] == [
        "dpv:ConsentRequested",
        "dpv:ConsentGiven",
        "dpv:RenewedConsentGiven",
        "dpv:ConsentWithdrawn",
    ]


def test_it_comes_in_three_forms_and_leaves_a_line_each_time(sas: House, letter: Letter) -> None:
    consent = letter.agreed()
    zoe, adviser = letter.case.student, letter.adviser
    record = exported(sas, adviser, consent.name)
    receipt = exported(sas, zoe, consent.name, consents_pb2.EXPORT_FORM_DPV_RECEIPT)
    resource = exported(sas, zoe, consent.name, consents_pb2.EXPORT_FORM_FHIR_R5)
    assert complaints(record.content.encode()) == ""
    assert complaints(receipt.content.encode()) == ""
    assert FhirConsent.model_validate_json(resource.content).status == "active"
    for each, form in ((record, "dpv_record"), (receipt, "dpv_receipt"), (resource, "fhir_r5")):
        (found,) = sas.sql("select entry from entries where idx = %s", each.ledger_index)
        details = json.loads(bytes(found[0]))["details"]
        assert details == {"form": form, "file_sha256": each.file_sha256}
    assert [line.action for line in accesses(sas, zoe)][:3] == ["consent:export"] * 3
    with pytest.raises(InvalidFields):
        exported(sas, zoe, consent.name, consents_pb2.EXPORT_FORM_UNSPECIFIED)


def test_nobody_else_has_it_and_absence_looks_the_same(sas: House, letter: Letter) -> None:
    """R9: a refused export and one of a consent that never was are the same bytes."""
    consent = letter.asked()
    method = "ConsentsService/ExportConsentRecord"
    for who in (student(), staff("trustee"), staff("operator")):
        refusals = {
            sas.refusal(
                sas.gateway,
                who,
                method,
                consents_pb2.ExportConsentRecordRequest(name=name, form=RECORD),
            )
            for name in (consent.name, f"consents/{uuid4()}")
        }
        assert len(refusals) == 1
    walled = staff()
    letter.case.walled(walled)
    with pytest.raises(NotAvailable):
        exported(sas, walled, consent.name)
    with pytest.raises(SecondFactorNeeded):
        exported(sas, staff(second_factor=False), consent.name)
