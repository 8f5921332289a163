"""
A consent as a record and as a receipt of ISO/IEC TS 27560:2023, in the W3C's vocabulary (DPV).

The profiles are `record-eu-gdpr` and `receipt-eu-gdpr` of DPV-27560, as JSON-LD with the context
inside, so that nobody has to fetch anything to read it. `shapes.ttl` beside this file says what
must be there, for any SHACL processor.

A record is a function of what was asked and of the log, and of nothing else: the same bytes
whoever makes it and whenever. So its SHA-256 can stand in the ledger, in the entry of the line
that made it, and the receipt of that entry proves the record (UK GDPR Art. 7(1)).

The student and the third party are ids: their names are sealed in the student's record, and what
the consent binds of them is in the payload's digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.consent.domain.consent import Consent, Happened, Happening
from services.consent.domain.exports.controller import Controller
from services.consent.domain.kinds import Kind
from services.consent.domain.names import bare
from services.consent.domain.texts import PURPOSES

_CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "loc": "https://w3id.org/dpv/loc#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "sas": "urn:sas:",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
_STATES: Mapping[Happening, str] = MappingProxyType(
    {
        Happening.GIVEN: "dpv:ConsentGiven",
        Happening.REFUSED: "dpv:ConsentRefused",
        Happening.CONFIRMED: "dpv:RenewedConsentGiven",
        Happening.WITHDRAWN: "dpv:ConsentWithdrawn",
        Happening.EXPIRED: "dpv:ConsentExpired",
        Happening.SUPERSEDED: "dpv:ConsentInvalidated",
    }
)
_DATA: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.DISCLOSURE: "the very document that was shown",
        Kind.CONFIRM_USE: "that the student uses the Service, and nothing else",
        Kind.TRUSTED_CONTACT: "that there is a serious and imminent risk, and how to help",
    }
)
_RIGHTS = ("A7-3", "A13", "A15", "A16", "A17", "A18", "A20", "A77")
"""To withdraw, to be informed, access, rectification, erasure, restriction, a copy, to complain."""
SEALED = "sealed in the student's record; the payload's digest binds it"


def record(consent: Consent, controller: Controller) -> bytes:
    """Write the consent as a record (`record-eu-gdpr`), in one spelling."""
    return _spelled({"@context": dict(_CONTEXT)} | _record(consent, controller))


def receipt(consent: Consent, controller: Controller, now: datetime) -> bytes:
    """Write a receipt (`receipt-eu-gdpr`) that carries the record, made *now*."""
    identifier = str(uuid5(NAMESPACE_URL, f"{consent.asked.consent} {_iso(now)}"))
    return _spelled(
        {
            "@context": dict(_CONTEXT),
            "@id": f"urn:uuid:{identifier}",
            "@type": "dpv:ConsentReceipt",
            "dct:conformsTo": {"@id": "dpv-27560:receipt-eu-gdpr"},
            "dpv:hasIdentifier": identifier,
            "dct:created": _time(now),
            "dct:publisher": {"@id": f"sas:{controller.identifier}"},
            "dpv:hasRecordOfActivity": _record(consent, controller),
        }
    )


def _record(consent: Consent, controller: Controller) -> dict[str, Any]:
    asked = consent.asked
    return {
        "@id": f"urn:uuid:{bare(asked.consent)}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": "dpv-27560:record-eu-gdpr"},
        "dpv:hasIdentifier": asked.consent,
        "dct:created": _time(asked.asked_at),
        "dct:language": asked.language,
        "dpv:hasDataSubject": {
            "@id": f"sas:{asked.student}",
            "@type": "dpv:DataSubject",
            "dpv:hasIdentifier": asked.student,
        },
        "dpv:hasNotice": {
            "@id": f"sas:texts/{asked.text_sha256}",
            "@type": "dpv:ConsentNotice",
            "dpv:hasIdentifier": asked.text_version,
            "dct:language": asked.language,
            "sas:sha256": asked.text_sha256,
        },
        "dpv:hasJurisdiction": {"@id": "loc:GB"},
        "dpv:hasRight": [{"@id": f"eu-gdpr:{right}"} for right in _RIGHTS],
        "dpv:hasProcess": _process(consent, controller),
    }


def _process(consent: Consent, controller: Controller) -> dict[str, Any]:
    asked = consent.asked
    until = _until(asked.ends_at)
    return {
        "@id": f"sas:{asked.disclosure}",
        "@type": "dpv:Process",
        "dpv:hasIdentifier": asked.disclosure,
        "dpv:hasPurpose": {
            "@id": f"sas:purposes/{asked.purpose}",
            "@type": "dpv:Purpose",
            "skos:broader": {"@id": "dpv:RequestedServiceProvision"},
            "skos:prefLabel": {"@language": "en", "@value": PURPOSES[asked.purpose]},
        },
        "dpv:hasPersonalData": [
            {
                "@id": f"sas:{item}",
                "@type": ["dpv:SensitivePersonalData", f"sas:data/{asked.kind}"],
                "dpv:hasIdentifier": item,
                "skos:prefLabel": {"@language": "en", "@value": _DATA[asked.kind]},
            }
            for item in sorted(asked.items)
        ],
        "sas:payloadSha256": asked.payload_digest,
        "dpv:hasProcessing": {"@id": "dpv:Disclose"},
        "dpv:hasLegalBasis": [{"@id": "eu-gdpr:A6-1-a"}, {"@id": "eu-gdpr:A9-2-a"}],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": until},
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "loc:GB"}},
        ],
        "dpv:hasDataController": {
            "@id": f"sas:{controller.identifier}",
            "@type": "dpv:DataController",
            "dpv:hasIdentifier": controller.identifier,
            "dpv:hasName": controller.name,
            "dpv:hasContact": controller.contact,
            "dpv:hasAddress": controller.address,
        },
        "dpv:hasRecipient": {
            "@id": f"sas:{asked.recipient}",
            "@type": ["dpv:Recipient", "dpv:ThirdParty"],
            "dpv:hasIdentifier": asked.recipient,
            "dpv:hasName": SEALED,
            "dpv:hasContact": SEALED,
            "dpv:hasAddress": SEALED,
        },
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": f"/v1/{asked.consent}:withdraw, or tell any adviser",
        },
        "dpv:hasConsentStatus": [
            _event("dpv:ConsentRequested", asked.asked_at, asked.asked_by, until),
            *(_happened(consent, line) for line in consent.log),
        ],
    }


def _happened(consent: Consent, line: Happened) -> dict[str, Any]:
    duration: dict[str, Any] = {"@type": "dpv:EndlessDuration"}
    if line.what in (Happening.GIVEN, Happening.CONFIRMED):
        ends_at = consent.asked.ends_at
        duration = _until(min(ends_at, line.spoken.confirm_by) if line.spoken else ends_at)
    event = _event(_STATES[line.what], line.at, line.by, duration)
    method = [line.act] if line.act else []
    if line.spoken:
        method += [line.spoken.manner, line.spoken.place]
        event["sas:spokenAt"] = _time(line.spoken.at)
    if line.signature_sha256:
        method.append("signed_with_passkey")
        event["sas:passkeySignatureSha256"] = line.signature_sha256
    if method:
        event["dpv:hasIndicationMethod"] = ", ".join(method)
    return event


def _event(state: str, at: datetime, by: str, duration: dict[str, Any]) -> dict[str, Any]:
    """Give one event. A lapse is expressed by nobody: it follows from the end that was agreed."""
    return {
        "@type": [state, "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedAtTime": _time(at),
        "dpv:isIndicatedBy": {"@id": f"sas:{by or 'clock'}"},
        "dpv:hasDuration": duration,
    }


def _until(moment: datetime) -> dict[str, Any]:
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": _time(moment)}


def _time(moment: datetime) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": _iso(moment)}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _spelled(fields: Mapping[str, Any]) -> bytes:
    """Spell JSON in one way: keys in order, no blanks between, ASCII (RFC 8785, as we use it)."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")
