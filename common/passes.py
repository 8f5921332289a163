"""
Passes: one decision, signed, for exactly what it was about, and for a moment.

Shared because one service signs and others check. Who decides signs what may leave: to whom, what
for, which things, by the digest of their bytes. Who holds the bytes checks all of it against what
lies there, offline, before a byte leaves. So neither a changed row nor a mixed-up answer, neither a
pass kept from yesterday nor one for something else, lets anything out.

A pass is a JWT (RFC 7519) signed with EdDSA by Vault's key `tokens/gate`. Only the deciding service
may sign with that key; it is none of the key of caller tokens, so neither stands for the other.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Protocol

import attrs
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

MOUNT, KEY = "tokens", "gate"
ISSUER = "gate"
LIVES = 30
"""Seconds. What is let out is let out in the call that asked."""
CLOCK_SKEW = 5
"""Seconds that the clocks of two machines may differ."""
REFETCH_AFTER = 10.0
"""Seconds. Made-up key names can't make us ask Vault more often than this."""

_KID = re.compile(r"gate-v([1-9][0-9]{0,5})")


class PassRefused(Exception):
    """The pass is none, or for something else. Which it was goes to the log, and nowhere else."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


class PublicKeys(Protocol):
    """Who knows the public keys of a signing key: Vault."""

    def public_keys(self, mount: str, key: str) -> Mapping[int, bytes]:
        """Give the raw Ed25519 public keys (32 bytes, RFC 8032) by version."""


class Signs(PublicKeys, Protocol):
    """Who signs: Vault."""

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """Give the Ed25519 signature of *message*."""


@attrs.frozen
class Bound:
    """All that a pass is for."""

    action: str
    about: str
    recipient: str
    purpose: str
    items: frozenset[str]
    payload: str
    """The digest of what leaves."""

    def canonical(self) -> str:
        """Write the one form that is signed and compared."""
        return json.dumps({**attrs.asdict(self), "items": sorted(self.items)})


@attrs.define
class PassOffice:
    """Signs passes."""

    _vault: Signs
    _version: int = 0

    def issue(self, bound: Bound, decision: str) -> str:
        """
        Sign a pass for the decision (an entry's id) that allowed it; it can be used once.

        Raises:
            TryAgain: Vault can't be reached.
        """
        if not self._version:
            self._version = max(self._vault.public_keys(MOUNT, KEY))
        now = int(time.time())
        head = {"alg": "EdDSA", "typ": "JWT", "kid": f"{KEY}-v{self._version}"}
        claims = {
            "iss": ISSUER,
            "jti": decision,
            "iat": now,
            "exp": now + LIVES,
            "for": bound.canonical(),
        }
        message = f"{_part(head)}.{_part(claims)}"
        signature = self._vault.sign(MOUNT, KEY, message.encode(), self._version)
        return f"{message}.{_base64url(signature)}"


class Passes:
    """Checks passes with the public keys in Vault, which are fetched once and kept."""

    def __init__(self, vault: PublicKeys) -> None:
        self._vault = vault
        self._keys: dict[int, OKPKey] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def check(self, said: str, bound: Bound) -> str:
        """
        Give the decision that let exactly this out, now. Whoever asks sees to it that it is once.

        Raises:
            PassRefused: it is forged, too old, or for anything else.
            TryAgain: Vault is needed for a new public key and can't be reached.
        """
        try:
            # Only EdDSA: the algorithm is ours to choose, not the token's (RFC 8725, 3.1).
            claims = jwt.decode(said, self._key_of, algorithms=["EdDSA"]).claims
            issued, ends, decision = claims["iat"], claims["exp"], claims["jti"]
        except (JoseError, ValueError, KeyError, TypeError):
            raise PassRefused("forged") from None
        now = time.time()
        if claims.get("iss") != ISSUER or ends - issued > LIVES or not isinstance(decision, str):
            raise PassRefused("forged")
        if not issued - CLOCK_SKEW <= now <= ends + CLOCK_SKEW:
            raise PassRefused("too_old")
        if not hmac.compare_digest(str(claims.get("for")).encode(), bound.canonical().encode()):
            raise PassRefused("for_something_else")
        return decision

    def _key_of(self, unverified: GuestProtocol) -> OKPKey:
        match = _KID.fullmatch(unverified.headers().get("kid", ""))
        if match is None:
            raise ValueError("no such key")
        version = int(match[1])
        with self._lock:
            if version not in self._keys and time.monotonic() - self._fetched > REFETCH_AFTER:
                raw = self._vault.public_keys(MOUNT, KEY)
                self._keys = {number: _okp(key) for number, key in raw.items()}
                self._fetched = time.monotonic()
            return self._keys[version]


def _okp(raw: bytes) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)})


def _part(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
