"""Consents in forms that others read, checked by tools that are not ours (R7, R8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import attrs
import pyshacl
import pytest
import rdflib
from fhir.resources.consent import Consent as FhirConsent
from pydantic import ValidationError

from services.consent.domain.consent import Asked, Consent, Happened, Happening, Spoken
from services.consent.domain.exports import dpv_27560, fhir_r5
from services.consent.domain.exports.controller import Controller
from services.consent.domain.texts import PURPOSES, current

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
UUID = "00000000-0000-4000-8000-00000000000{}"
UNION = Controller(name="A Students' Union", contact="dp@union.example", address="1 Mill Lane")
SHAPES = rdflib.Graph().parse(
    data=(resources.files("services.consent.domain.exports") / "shapes.ttl").read_text("utf-8")
)
Json = dict[str, Any]


def asked(purpose: str = "welfare_support") -> Asked:
    own_kind = purpose in ("confirm_use", "trusted_contact")
    item = f"{'contacts' if own_kind else 'documents'}/{UUID.format(1)}"
    return Asked(
        consent=f"consents/{UUID.format(2)}",
        record=f"records/{UUID.format(3)}",
        student=f"students/{UUID.format(4)}",
        disclosure=item if own_kind else f"disclosures/{UUID.format(5)}",
        recipient=f"thirdParties/{UUID.format(6)}",
        purpose=purpose,
        payload_digest="d" * 64,
        items=frozenset({item}),
        text_version=current(purpose),
        text_sha256="a" * 64,
        asked_by=f"staffMembers/{UUID.format(7)}",
        asked_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(days=30),
        ledger_index=1,
    )


STUDENT, ADVISER = asked().student, asked().asked_by
SPOKEN = Spoken(
    manner="by_telephone",
    place="private_place",
    at=NOW,
    confirm_by=NOW + timedelta(days=7),
)
GIVEN = Happened(Happening.GIVEN, NOW, 2, STUDENT, "a" * 64, "ticked_and_sent")
NOTED = Happened(Happening.GIVEN, NOW, 2, ADVISER, "a" * 64, "spoken", SPOKEN)
LIVES: dict[str, list[Happened]] = {
    "requested": [],
    "given": [GIVEN],
    "signed": [attrs.evolve(GIVEN, signature_sha256="b" * 64)],
    "confirmed with a passkey": [
        NOTED,
        Happened(Happening.CONFIRMED, NOW, 3, STUDENT, "a" * 64, signature_sha256="b" * 64),
    ],
    "refused": [Happened(Happening.REFUSED, NOW, 2, STUDENT)],
    "provisional": [NOTED],
    "confirmed": [NOTED, Happened(Happening.CONFIRMED, NOW, 3, STUDENT, "a" * 64)],
    "withdrawn": [GIVEN, Happened(Happening.WITHDRAWN, NOW, 3, STUDENT)],
    "expired": [GIVEN, Happened(Happening.EXPIRED, NOW + timedelta(days=30), None)],
    "superseded": [GIVEN, Happened(Happening.SUPERSEDED, NOW, 3, ADVISER)],
}


def complaints(document: bytes) -> str:
    """Give what the shapes have against a document; nothing if it conforms."""
    graph = rdflib.Graph().parse(data=document, format="json-ld")
    conforms, _, text = pyshacl.validate(graph, shacl_graph=SHAPES)
    return "" if conforms else str(text)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("life", LIVES)
def test_a_record_and_a_receipt_say_all_that_they_must(life: str, purpose: str) -> None:
    consent = Consent.after(asked(purpose), LIVES[life])
    assert complaints(dpv_27560.record(consent, UNION)) == ""
    assert complaints(dpv_27560.receipt(consent, UNION, NOW)) == ""


def test_the_shapes_are_shapes() -> None:
    graph = rdflib.Graph().parse(data=dpv_27560.record(Consent(asked()), UNION), format="json-ld")
    conforms, _, text = pyshacl.validate(graph, shacl_graph=SHAPES, meta_shacl=True)
    assert conforms, text


def without(*path: str | int) -> Callable[[Json], None]:
    """Take one field away."""

    def change(record: Json) -> None:
        place: Any = record
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def with_(value: Any, *path: str | int) -> Callable[[Json], None]:
    """Put another value in."""

    def change(record: Json) -> None:
        place: Any = record
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


P, E = "dpv:hasProcess", "dpv:hasConsentStatus"
WORD = "a sentence about her"
BROKEN: dict[str, Callable[[Json], None]] = {
    "no schema version": without("dct:conformsTo"),
    "another schema": with_({"@id": "dpv-27560:record"}, "dct:conformsTo"),
    "no record id": without("dpv:hasIdentifier"),
    "a record id with words": with_(WORD, "dpv:hasIdentifier"),
    "no creation time": without("dct:created"),
    "no data subject": without("dpv:hasDataSubject"),
    "a data subject without id": without("dpv:hasDataSubject", "dpv:hasIdentifier"),
    "a data subject by name": with_("Zoe Q", "dpv:hasDataSubject", "dpv:hasIdentifier"),
    "a data subject with a name": with_("Zoe Q", "dpv:hasDataSubject", "dpv:hasName"),
    "a data subject with an address": with_(WORD, "dpv:hasDataSubject", "dpv:hasAddress"),
    "a data subject with a contact": with_(WORD, "dpv:hasDataSubject", "dpv:hasContact"),
    "a data subject without a role": without("dpv:hasDataSubject", "@type"),
    "no notice": without("dpv:hasNotice"),
    "a notice without id": without("dpv:hasNotice", "dpv:hasIdentifier"),
    "a notice without language": without("dpv:hasNotice", "dct:language"),
    "a notice without hash": without("dpv:hasNotice", "sas:sha256"),
    "no jurisdiction": without("dpv:hasJurisdiction"),
    "no rights": without("dpv:hasRight"),
    "no right to withdraw": with_({"@id": "eu-gdpr:A15"}, "dpv:hasRight"),
    "no process": without(P),
    "no purpose": without(P, "dpv:hasPurpose"),
    "a purpose that nobody can read": without(P, "dpv:hasPurpose", "skos:prefLabel"),
    "no personal data": without(P, "dpv:hasPersonalData"),
    "personal data without type": without(P, "dpv:hasPersonalData", 0, "@type"),
    "personal data without id": without(P, "dpv:hasPersonalData", 0, "dpv:hasIdentifier"),
    "everything": with_("records/*", P, "dpv:hasPersonalData", 0, "dpv:hasIdentifier"),
    "no payload": without(P, "sas:payloadSha256"),
    "no legal basis": without(P, "dpv:hasLegalBasis"),
    "no explicit consent": with_({"@id": "eu-gdpr:A6-1-a"}, P, "dpv:hasLegalBasis"),
    "no storage condition": without(P, "dpv:hasStorageCondition"),
    "storage without an end": without(P, "dpv:hasStorageCondition", 0, "dpv:hasDuration"),
    "no controller": without(P, "dpv:hasDataController"),
    "a controller without id": without(P, "dpv:hasDataController", "dpv:hasIdentifier"),
    "a controller without name": without(P, "dpv:hasDataController", "dpv:hasName"),
    "a controller without contact": without(P, "dpv:hasDataController", "dpv:hasContact"),
    "a controller without address": without(P, "dpv:hasDataController", "dpv:hasAddress"),
    "a controller without role": without(P, "dpv:hasDataController", "@type"),
    "no recipient": without(P, "dpv:hasRecipient"),
    "a recipient without id": without(P, "dpv:hasRecipient", "dpv:hasIdentifier"),
    "a recipient without name": without(P, "dpv:hasRecipient", "dpv:hasName"),
    "a recipient without contact": without(P, "dpv:hasRecipient", "dpv:hasContact"),
    "a recipient without address": without(P, "dpv:hasRecipient", "dpv:hasAddress"),
    "a recipient without role": without(P, "dpv:hasRecipient", "@type"),
    "no way to withdraw": without(P, "dpv:hasConsentControl"),
    "a way to withdraw that nobody finds": without(P, "dpv:hasConsentControl", "dpv:isExercisedAt"),
    "no events": without(P, E),
    "an event without a state": with_("dpv:ExplicitlyExpressedConsent", P, E, 1, "@type"),
    "an event with two states": with_(
        ["dpv:ConsentGiven", "dpv:ConsentWithdrawn", "dpv:ExplicitlyExpressedConsent"],
        *(P, E, 1, "@type"),
    ),
    "an event without a type": with_("dpv:ConsentGiven", P, E, 1, "@type"),
    "an event without a time": without(P, E, 1, "dpv:isIndicatedAtTime"),
    "an event at no time": with_("lately", P, E, 1, "dpv:isIndicatedAtTime"),
    "an event by nobody": without(P, E, 1, "dpv:isIndicatedBy"),
    "an event by somebody's name": with_("Zoe Q", P, E, 1, "dpv:isIndicatedBy"),
    "an event without duration": without(P, E, 1, "dpv:hasDuration"),
    "an event until some time": without(P, E, 1, "dpv:hasDuration", "rdf:value"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_record_is_caught(broken: str) -> None:
    """Each field that a record must have, taken away or filled with something else."""
    record: Json = json.loads(dpv_27560.record(Consent.after(asked(), [GIVEN]), UNION))
    BROKEN[broken](record)
    assert complaints(json.dumps(record).encode())


def two(field: str) -> Callable[[Json], None]:
    """Double a part that there may be only one of."""

    def change(record: Json) -> None:
        part = record[P][field]
        record[P][field] = [part, json.loads(json.dumps(part).replace(part["@id"], "sas:another"))]

    return change


@pytest.mark.parametrize("field", ["dpv:hasPurpose", "dpv:hasRecipient"])
def test_one_purpose_and_one_recipient_for_each_yes(field: str) -> None:
    """R4, R7: one named recipient, one purpose per act."""
    record: Json = json.loads(dpv_27560.record(Consent.after(asked(), [GIVEN]), UNION))
    two(field)(record)
    assert complaints(json.dumps(record).encode())


@pytest.mark.parametrize(
    "change",
    [
        without("dct:conformsTo"),
        without("dpv:hasIdentifier"),
        without("dct:created"),
        without("dpv:hasRecordOfActivity"),
        without("dpv:hasRecordOfActivity", "dpv:hasDataSubject"),
    ],
)
def test_a_broken_receipt_is_caught(change: Callable[[Json], None]) -> None:
    consent = Consent.after(asked(), [GIVEN])
    made: Json = json.loads(dpv_27560.receipt(consent, UNION, NOW))
    change(made)
    assert complaints(json.dumps(made).encode())


def test_a_record_is_the_same_bytes_whoever_makes_it_and_whenever() -> None:
    """So that its digest in the ledger proves it, years later."""
    consent = Consent.after(asked(), LIVES["confirmed"])
    moved = Consent.after(
        attrs.evolve(asked(), ledger_index=7),
        [attrs.evolve(line, ledger_index=9) for line in LIVES["confirmed"]],
    )
    assert dpv_27560.record(consent, UNION) == dpv_27560.record(moved, UNION)
    records = {dpv_27560.record(Consent.after(asked(), log), UNION) for log in LIVES.values()}
    assert len(records) == len(LIVES)


def test_a_record_names_nobody() -> None:
    """R5: the student and the third party are random names; only the controller has a name."""
    for purpose in PURPOSES:
        consent = Consent.after(asked(purpose), LIVES["confirmed"])
        process = json.loads(dpv_27560.record(consent, UNION))[P]
        names = [process["dpv:hasRecipient"][f"dpv:has{what}"] for what in ("Name", "Address")]
        assert set(names) == {dpv_27560.SEALED}


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("life", LIVES)
def test_fhir_can_read_it(life: str, purpose: str) -> None:
    consent = Consent.after(asked(purpose), LIVES[life])
    written = fhir_r5.consent_resource(consent, UNION, NOW)
    read = FhirConsent.model_validate_json(written)
    stands = life in ("given", "signed", "provisional") or life.startswith("confirmed")
    assert read.decision == ("permit" if stands else "deny")
    assert [each.verified for each in read.verification or []] == {
        "provisional": [False],
        "confirmed": [True],
        "signed": [True],
        "confirmed with a passkey": [True, True],
    }.get(life, [])
    (provision,) = json.loads(written)["provision"]
    (actor,) = provision["actor"]
    assert actor["reference"]["identifier"]["value"] == consent.asked.recipient


def test_a_consent_that_has_lapsed_permits_nothing_in_fhir_either() -> None:
    """Whether or not the worker has noted the lapse yet."""
    consent = Consent.after(asked(), [GIVEN])
    late = json.loads(fhir_r5.consent_resource(consent, UNION, NOW + timedelta(days=31)))
    assert (late["status"], late["decision"]) == ("inactive", "deny")


def test_a_broken_resource_is_caught_by_fhir() -> None:
    written = json.loads(fhir_r5.consent_resource(Consent(asked()), UNION, NOW))
    for change in ({"date": "yesterday"}, {"status": None}, {"sentence": WORD}):
        with pytest.raises(ValidationError):
            FhirConsent.model_validate(written | change)
