"""
A consent as HL7 FHIR R5 `Consent`, for a university's health service to read.

FHIR asks for almost nothing, so it proves little; the record to rely on is the one in `dpv_27560`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from services.consent.domain.consent import Consent, Happened, Happening, State
from services.consent.domain.exports.controller import Controller
from services.consent.domain.names import bare
from services.consent.domain.texts import PURPOSES

_STATUS: Mapping[State, str] = MappingProxyType(
    {
        State.REQUESTED: "draft",
        State.PROVISIONAL: "active",
        State.GIVEN: "active",
        State.REFUSED: "not-done",
        State.WITHDRAWN: "inactive",
        State.EXPIRED: "inactive",
        State.SUPERSEDED: "inactive",
    }
)
_SYSTEM = "urn:sas"


def consent_resource(consent: Consent, controller: Controller, now: datetime) -> bytes:
    """Write the consent as a FHIR R5 resource, as it stands *now*."""
    asked, given = consent.asked, consent.given
    period = {"start": _time(given.at if given else asked.asked_at), "end": _time(asked.ends_at)}
    resource: dict[str, Any] = {
        "resourceType": "Consent",
        "id": bare(asked.consent),
        "identifier": [{"system": _SYSTEM, "value": asked.consent}],
        "language": asked.language,
        "status": _STATUS[consent.state_at(now)],
        "category": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "INFA"}
                ]
            }
        ],
        "subject": _reference(asked.student),
        "date": (given.at if given else asked.asked_at).astimezone(UTC).date().isoformat(),
        "period": period,
        "grantor": [_reference(asked.student)],
        "controller": [
            {
                "identifier": {"system": _SYSTEM, "value": controller.identifier},
                "display": controller.name,
            }
        ],
        "regulatoryBasis": [{"text": "UK GDPR Art. 6(1)(a) and 9(2)(a): explicit consent"}],
        "policyBasis": {"url": f"urn:sas:texts/{asked.text_version}"},
        "decision": "permit" if consent.holds_at(now) else "deny",
        "provision": [
            {
                "period": period,
                "actor": [
                    {
                        "role": {
                            "coding": [
                                {
                                    "system": (
                                        "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
                                    ),
                                    "code": "IRCP",
                                }
                            ]
                        },
                        "reference": _reference(asked.recipient),
                    }
                ],
                "action": [
                    {
                        "coding": [
                            {
                                "system": ("http://terminology.hl7.org/CodeSystem/consentaction"),
                                "code": "disclose",
                            }
                        ]
                    }
                ],
                "purpose": [
                    {
                        "system": f"{_SYSTEM}:purposes",
                        "code": asked.purpose,
                        "display": PURPOSES[asked.purpose],
                    }
                ],
                "data": [
                    {"meaning": "instance", "reference": _reference(item)}
                    for item in sorted(asked.items)
                ],
            }
        ],
    }
    verifications = [_verification(consent)] if given and given.spoken else []
    if consent.signed is not None:
        verifications.append(_signature(consent.signed))
    if verifications:
        resource["verification"] = verifications
    return json.dumps(resource, sort_keys=True, separators=(",", ":")).encode("ascii")


def _verification(consent: Consent) -> dict[str, Any]:
    """Say whether a spoken yes was confirmed, when and by whom."""
    confirmed = next((each for each in consent.log if each.what is Happening.CONFIRMED), None)
    if confirmed is None:
        return {"verified": False}
    return {
        "verified": True,
        "verifiedBy": _reference(confirmed.by),
        "verificationDate": [_time(confirmed.at)],
    }


def _signature(line: Happened) -> dict[str, Any]:
    """Say that the student's passkey signed it, and the digest of what proves that."""
    return {
        "verified": True,
        "verificationType": {"coding": [{"system": _SYSTEM, "code": "passkey"}]},
        "verifiedBy": _reference(line.by),
        "verificationDate": [_time(line.at)],
        "extension": [
            {
                "url": f"{_SYSTEM}:passkey-signature-sha256",
                "valueString": line.signature_sha256,
            }
        ],
    }


def _reference(name: str) -> dict[str, Any]:
    return {"identifier": {"system": _SYSTEM, "value": name}}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
