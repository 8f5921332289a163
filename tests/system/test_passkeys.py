"""A student's passkey, through the gateway, as a page would use it: JSON, as browsers spell it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.passkeys import PasskeySignature, base64url
from services.identity.domain.passkeys import to_remove
from tests.kit import deeds, disclosing
from tests.kit.authenticator import Device
from tests.kit.full_stack import FullStack
from tests.kit.terminal import Terminal

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first


def page_of(stack: FullStack) -> str:
    """Give where students use their passkeys."""
    return f"https://localhost:{stack.state.port('gateway')}"


@pytest.fixture
def student(stack: FullStack) -> Iterator[httpx.Client]:
    with stack.http(stack.student) as client:
        yield client


@pytest.fixture
def telephone(stack: FullStack, student: httpx.Client) -> Iterator[Device]:
    """A device whose passkey the student has added; it is removed in the end."""
    device = Device(page=page_of(stack))
    begun = ok(student.post("/v1/passkeys:begin", json={}))
    options = json.loads(begun["creationOptions"])
    client_data, attestation = device.makes(from_base64url(options["challenge"]))
    made = {"clientDataJson": base64url(client_data), "attestationObject": base64url(attestation)}
    ok(student.post("/v1/passkeys", json={"once": begun["once"], **made}))
    yield device
    once = from_base64url(ok(student.post("/v1/passkeys:begin", json={}))["once"])
    signed = device.signs(to_remove(once, device.credential_id))
    body = {
        "credentialId": base64url(device.credential_id),
        "once": base64url(once),
        "signature": as_json(signed),
    }
    ok(student.post("/v1/passkeys:remove", json=body))


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def from_base64url(text: str) -> bytes:
    """Read both spellings: a browser's, and that of protos in JSON."""
    plain = text.replace("+", "-").replace("/", "_").rstrip("=")
    return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


def as_json(signed: PasskeySignature) -> dict[str, str]:
    return {
        "credentialId": base64url(signed.passkey.credential_id),
        "publicKey": base64url(signed.passkey.public_key),
        "authenticatorData": base64url(signed.authenticator_data),
        "clientDataJson": base64url(signed.client_data_json),
        "signature": base64url(signed.signature),
    }


def test_a_student_agrees_with_her_passkey_and_anybody_can_check_it(
    stack: FullStack, student: httpx.Client, telephone: Device, tmp_path: Path
) -> None:
    """R7: the student's own act. A session alone is refused, and the letter stays."""
    tutor = disclosing.adviser_notes_a_tutor(stack)
    document = deeds.adviser_attaches_a_letter(stack, deeds.adviser_opens_a_case(stack))
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    disclosing.student_previews(stack, disclosure)
    asked = ok(student.get(f"/v1/{disclosure.consent}"))
    yes = {
        "act": "CONSENT_ACT_TICKED_AND_SENT",
        "textSha256": asked["textSha256"],
        "payloadDigest": asked["payloadDigest"],
    }
    refused = student.post(f"/v1/{disclosure.consent}:give", json=yes)
    assert refused.status_code == 403
    assert refused.json()["details"][0]["metadata"]["because"] == "passkey_missing"

    signed = telephone.signs(from_base64url(asked["passkeyChallenge"]))
    given = ok(
        student.post(f"/v1/{disclosure.consent}:give", json=yes | {"signature": as_json(signed)})
    )
    assert given["consent"]["signedWithPasskey"]
    disclosing.adviser_sends(stack, disclosure, tutor)

    adviser = Terminal(stack, tmp_path, stack.adviser)
    shown = adviser.types("consent", "show", disclosure.consent)
    assert "Signed with the student's passkey." in shown.err
    record, signature, key = (tmp_path / name for name in ("record", "signature", "key"))
    for file, form in ((record, "dpv-record"), (signature, "passkey-signature")):
        export = ("export", disclosure.consent, "--out", str(file), "--form", form)
        assert adviser.types("consent", *export).code == 0
    receipt, entry = tmp_path / "receipt", tmp_path / "entry"
    receipt.write_text(given["receipt"])
    entry.write_text(given["entry"])
    with stack.http(stack.manager) as manager:
        key.write_text(ok(manager.get("/v1/ledger/checkpoint"))["publicKey"])
    checked = adviser.types(
        "consent",
        *("verify", str(record), str(signature), "--page", page_of(stack)),
        *("--receipt", str(receipt), "--entry", str(entry), "--key", str(key)),
    )
    assert checked.code == 0, checked.err
    assert "Proved" in checked.out
