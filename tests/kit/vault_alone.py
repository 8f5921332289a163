"""
What a server needs of Vault, made by the test itself: certificates and the keys of caller tokens.

For tests of one server alone. It answers in Vault's place where no policy and no sealed word is
concerned; the tests of the running stack use the real one.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.errors import TryAgain
from common.vault import Certificate


class VaultAlone:
    """Issues certificates and signs caller tokens; `away` makes it unreachable."""

    def __init__(self, folder: Path) -> None:
        self.away = False
        self.issued = 0
        self.fetched = 0
        self.seconds = 3600.0
        self.caller_keys = {1: Ed25519PrivateKey.generate()}
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("test root")
        root = (
            _builder(self._name, self._name, self._key, timedelta(hours=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(root.public_bytes(Encoding.PEM))

    def issue_certificate(
        self, role: str, *, domain: str, names: Sequence[str], also: Sequence[str] = ()
    ) -> Certificate:
        """Issue a certificate of `spiffe://<domain>/<role>`, good for both ends; or of more."""
        self._answer()
        self.issued += 1
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives: list[x509.GeneralName] = [
            *(x509.DNSName(name) for name in names),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            *(x509.UniformResourceIdentifier(f"spiffe://{domain}/{x}") for x in (role, *also)),
        ]
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        lasts = timedelta(seconds=self.seconds)
        leaf = (
            _builder(_named(role), self._name, key, lasts)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Certificate(
            chain_pem=leaf.public_bytes(Encoding.PEM),
            key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            expires_at=datetime.now(UTC) + lasts,
        )

    def public_keys(self, mount: str, key: str) -> dict[int, bytes]:
        """Give the public keys of caller tokens."""
        self._answer()
        assert (mount, key) == ("tokens", "caller")
        self.fetched += 1
        return {
            version: each.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            for version, each in self.caller_keys.items()
        }

    def token(
        self,
        changed: Mapping[str, object] | None = None,
        *,
        header: Mapping[str, object] | None = None,
        signed_by: Ed25519PrivateKey | None = None,
        **claims: object,
    ) -> str:
        """Sign a caller token of an adviser, except for what the test says."""
        now = int(time.time())
        said: dict[str, object] = {
            "iss": "identity",
            "sub": "staffMembers/5f0c6f0e-3b0c-4a52-9d0c-0d3b7a1f7a10",
            "kind": "staff",
            "roles": ["adviser"],
            "perms": ["case:list", "case_note:write"],
            "sf": True,
            "sid": "sessions/1",
            "keys": [],
            "iat": now,
            "exp": now + 60,
        }
        head = {"alg": "EdDSA", "kid": "caller-v1"} | dict(header or {})
        said |= dict(changed or {}) | claims
        signed = ".".join(_base64(json.dumps(each).encode()) for each in (head, said))
        key = signed_by or self.caller_keys[1]
        return f"{signed}.{_base64(key.sign(signed.encode()))}"

    def _answer(self) -> None:
        if self.away:
            raise TryAgain


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + lasts)
    )
