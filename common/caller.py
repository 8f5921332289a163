"""
Who is calling: the caller token that the gateway puts in, and the caller of the call at hand.

Shared because every service verifies the same token offline and trusts nothing else from outside.
The token is a JWT (RFC 7519) signed with EdDSA by Vault's key `tokens/caller`, lives a minute at
most, and is passed on from service to service, so that the one who decides knows who asked.
"""

from __future__ import annotations

import base64
import re
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Protocol

import attrs
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import GuestProtocol, OKPKey

from common.errors import SignInNeeded

METADATA_KEY = "x-sas-caller"
"""The gRPC metadata key (and HTTP header inside) that carries the token."""

ISSUER = "identity"
LONGEST_LIFE = 60
"""Seconds. A token that claims to live longer is refused: sessions must end everywhere at once."""
CLOCK_SKEW = 5
"""Seconds that the clocks of two machines may differ."""
TOKENS_KEPT = 512
"""Whose signature was found good, so that it need not be looked at again."""
REFETCH_AFTER = 10.0
"""Seconds. Made-up key names can't make us ask Vault more often than this."""

# RFC 9864 renames EdDSA to Ed25519; RFC 8037's name is the one that every library still knows.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

_KID = re.compile(r"caller-v([1-9][0-9]{0,5})")
_CODE = re.compile(r"[a-z_]{1,40}")


@attrs.frozen
class Caller:
    """Who is calling, as identity vouched for it less than a minute ago."""

    person: str
    """Who, as a resource name; the collection in it fits the kind."""
    kind: str
    """What kind of person, as a code of identity's (`PersonKind` in its protos)."""
    roles: frozenset[str]
    permissions: frozenset[str]
    second_factor: bool
    session: str
    token: str = attrs.field(repr=False)
    """The token itself, to pass on."""


class PublicKeys(Protocol):
    """Who knows the public keys of a signing key: Vault."""

    def public_keys(self, mount: str, key: str) -> Mapping[int, bytes]:
        """Give the raw Ed25519 public keys (32 bytes, RFC 8032) by version."""


class CallerTokens:
    """Verifies caller tokens with the public keys in Vault, which are fetched once and kept."""

    def __init__(self, vault: PublicKeys) -> None:
        self._vault = vault
        self._keys: dict[int, OKPKey] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()
        # One token comes with many calls of its minute; its times are looked at in each.
        self._claims_of = lru_cache(TOKENS_KEPT)(self._signed_claims)

    def verify(self, token: str) -> Caller:
        """
        Give the caller that *token* vouches for.

        Raises:
            SignInNeeded: The token is forged, too old, too long-lived or not of our form.
            TryAgain: Vault is needed for a new public key and can't be reached.
        """
        try:
            return _caller(self._claims_of(token), token)
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInNeeded from None

    def _signed_claims(self, token: str) -> Mapping[str, object]:
        # Only EdDSA: the algorithm is ours to choose, not the token's (RFC 8725, 3.1).
        return jwt.decode(token, self._key_of, algorithms=["EdDSA"]).claims

    def _key_of(self, unverified: GuestProtocol) -> OKPKey:
        match = _KID.fullmatch(unverified.headers().get("kid", ""))
        if match is None:
            raise ValueError("no such key")
        version = int(match[1])
        with self._lock:
            if version not in self._keys and time.monotonic() - self._fetched > REFETCH_AFTER:
                raw = self._vault.public_keys("tokens", "caller")
                self._keys = {number: _okp(key) for number, key in raw.items()}
                self._fetched = time.monotonic()
            return self._keys[version]


def _okp(raw: bytes) -> OKPKey:
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})


def _caller(claims: Mapping[str, object], token: str) -> Caller:
    issued, ends, now = claims["iat"], claims["exp"], time.time()
    if not (isinstance(issued, int | float) and isinstance(ends, int | float)):
        raise ValueError("times must be numbers")
    if claims["iss"] != ISSUER or ends - issued > LONGEST_LIFE:
        raise ValueError("not issued by our rules")
    if now > ends + CLOCK_SKEW or issued > now + CLOCK_SKEW:
        raise ValueError("not now")
    person, kind, session, factor = claims["sub"], claims["kind"], claims["sid"], claims["sf"]
    if not (isinstance(person, str) and isinstance(session, str) and isinstance(factor, bool)):
        raise ValueError("a claim is of the wrong kind")
    if not isinstance(kind, str) or not _CODE.fullmatch(kind):
        raise ValueError("the kind of a person is a code")
    return Caller(
        person=person,
        kind=kind,
        roles=_codes(claims["roles"]),
        permissions=_codes(claims["perms"]),
        second_factor=factor,
        session=session,
        token=token,
    )


def _codes(claim: object) -> frozenset[str]:
    if not isinstance(claim, list) or not all(isinstance(each, str) for each in claim):
        raise ValueError("a claim is of the wrong kind")
    return frozenset(claim)


_current: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller:
    """
    Give the caller of the call that this thread is answering.

    Raises:
        SignInNeeded: There is none, which a door for sessions does not let happen.
    """
    caller = _current.get()
    if caller is None:
        raise SignInNeeded
    return caller


def optional_caller() -> Caller | None:
    """Give the caller of the call that this thread is answering, or None if nobody is signed in."""
    return _current.get()


@contextmanager
def calling(caller: Caller | None) -> Iterator[None]:
    """Make *caller* the current caller, in this thread, for the time of the block."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)
