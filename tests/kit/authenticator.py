"""
A device that makes passkeys and signs with them, in software: what a telephone and a browser do.

It is written from WebAuthn Level 3 (sections 5.8.1, 6.1 and 6.5.4) and shares no code with what
verifies. A test can have it do each thing wrongly that a thief, another page or a copy would.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import attrs
import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sas.common.v1 import passkey_pb2

from common.passkeys import Passkey, PasskeySignature

PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40
"""Flags of authenticator data: somebody was there, it was the user, and a key is inside."""


@attrs.define
class Device:
    """One device with one passkey, at one page."""

    page: str = "https://localhost:1"
    domain: str = "localhost"
    private_key: ec.EllipticCurvePrivateKey = attrs.field(
        factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )
    credential_id: bytes = attrs.field(factory=lambda: secrets.token_bytes(32))
    count: int = 0
    """0 for ever, as of keys that are kept in a cloud, unless `counts`."""
    counts: bool = False

    @property
    def passkey(self) -> Passkey:
        """The public half, as COSE (RFC 9053, ES256)."""
        point = self.private_key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        return Passkey(self.credential_id, cbor2.dumps(cose))

    def makes(
        self, challenge: bytes, *, attested: bool = False, **otherwise: Any
    ) -> tuple[bytes, bytes]:
        """Make the passkey known: give clientDataJSON and attestationObject."""
        client_data, data = self._says(
            "webauthn.create", challenge, PRESENT | VERIFIED | NEW_KEY, **otherwise
        )
        passkey = self.passkey
        data += bytes(16) + len(passkey.credential_id).to_bytes(2)
        data += passkey.credential_id + passkey.public_key
        statement: dict[str, Any] = {}
        if attested:
            signed = data + hashlib.sha256(client_data).digest()
            statement = {"alg": -7, "sig": self.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))}
        kind = "packed" if attested else "none"
        return client_data, cbor2.dumps({"fmt": kind, "attStmt": statement, "authData": data})

    def signs(self, challenge: bytes, **otherwise: Any) -> PasskeySignature:
        """
        Sign a challenge, or do it otherwise: `page`, `domain`, `flags`, `count`, `kind`, `framed`.
        """
        if self.counts:
            self.count += 1
        client_data, data = self._says("webauthn.get", challenge, PRESENT | VERIFIED, **otherwise)
        signed = data + hashlib.sha256(client_data).digest()
        signature = self.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return PasskeySignature(self.passkey, data, client_data, signature)

    def _says(
        self,
        usual: str,
        challenge: bytes,
        usual_flags: int,
        *,
        page: str = "",
        domain: str = "",
        flags: int | None = None,
        count: int | None = None,
        kind: str = "",
        framed: bool = False,
    ) -> tuple[bytes, bytes]:
        client_data = {
            "type": kind or usual,
            "challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "origin": page or self.page,
            "crossOrigin": framed,
        }
        data = hashlib.sha256((domain or self.domain).encode()).digest()
        data += (usual_flags if flags is None else flags).to_bytes(1)
        data += (self.count if count is None else count).to_bytes(4)
        return json.dumps(client_data, separators=(",", ":")).encode(), data


def as_message(signed: PasskeySignature) -> passkey_pb2.PasskeySignature:
    """Give a signature as its proto."""
    parts = attrs.asdict(signed, recurse=False)
    return passkey_pb2.PasskeySignature(**attrs.asdict(parts.pop("passkey")), **parts)
