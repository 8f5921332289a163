"""
Tokens that Vault signs and that are checked offline: JWTs (RFC 7519) with EdDSA (RFC 8037).

Shared because who calls (`caller.py`) and what may leave (`passes.py`) are both told by such a
token. Each kind has a key of its own under the mount `tokens`, which a token names with its version
(`gate-v1`); so none of one kind stands for one of the other.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Protocol

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import GuestProtocol, OKPKey

MOUNT = "tokens"
CLOCK_SKEW = 5
"""Seconds that the clocks of two machines may differ."""
REFETCH_AFTER = 10.0
"""Seconds. Made-up key names can't make us ask Vault more often than this."""
KEY_VERSION_SECONDS = 300.0
"""After these, whoever signs looks whether the key was rotated."""

# RFC 9864 renames EdDSA to Ed25519; RFC 8037's name is the one that every library still knows.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class TokenForged(ValueError):
    """It is no token that our key has signed."""


class PublicKeys(Protocol):
    """Who knows the public keys of a signing key: Vault."""

    def public_keys(self, mount: str, key: str) -> Mapping[int, bytes]:
        """Give the raw Ed25519 public keys (32 bytes, RFC 8032) by version."""


class Signs(PublicKeys, Protocol):
    """Who signs: Vault."""

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """Give the Ed25519 signature of *message*."""


class TokenSigner:
    """Signs tokens of one kind with the newest version of its key."""

    def __init__(self, vault: Signs, key: str) -> None:
        self._vault, self._key = vault, key
        self._version = 0
        self._version_read_at = float("-inf")

    def sign(self, claims: Mapping[str, object]) -> str:
        """
        Give a token that says *claims*.

        Raises:
            TryAgain: Vault can't be reached.
        """
        if time.monotonic() > self._version_read_at + KEY_VERSION_SECONDS:
            self._version = max(self._vault.public_keys(MOUNT, self._key))
            self._version_read_at = time.monotonic()
        version = self._version
        header = {"alg": "EdDSA", "typ": "JWT", "kid": f"{self._key}-v{version}"}
        message = f"{_part(header)}.{_part(claims)}"
        signature = self._vault.sign(MOUNT, self._key, message.encode(), version)
        return f"{message}.{_base64url(signature)}"


class TokenReader:
    """Reads tokens of one kind with the public keys in Vault, which are fetched once and kept."""

    def __init__(self, vault: PublicKeys, key: str) -> None:
        self._vault, self._key = vault, key
        self._kid = re.compile(rf"{re.escape(key)}-v([1-9][0-9]{{0,5}})")
        self._keys: dict[int, OKPKey] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def claims(self, token: str) -> Mapping[str, object]:
        """
        Give what *token* says; whether it still holds is for the caller to see.

        Raises:
            TokenForged: our key has not signed it.
            TryAgain: Vault is needed for a new public key and can't be reached.
        """
        try:
            # Only EdDSA: the algorithm is ours to choose, not the token's (RFC 8725, 3.1).
            return jwt.decode(token, self._key_of, algorithms=["EdDSA"]).claims
        except (JoseError, ValueError, KeyError, TypeError):
            raise TokenForged from None

    def _key_of(self, unverified: GuestProtocol) -> OKPKey:
        match = self._kid.fullmatch(unverified.headers().get("kid", ""))
        if match is None:
            raise ValueError("no such key")
        version = int(match[1])
        with self._lock:
            if version not in self._keys and time.monotonic() - self._fetched > REFETCH_AFTER:
                raw = self._vault.public_keys(MOUNT, self._key)
                self._keys = {number: _okp(key) for number, key in raw.items()}
                self._fetched = time.monotonic()
            return self._keys[version]


def _okp(raw: bytes) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)})


def _part(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
