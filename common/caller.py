"""
Who is calling: the caller token that the gateway puts in, and the caller of the call at hand.

Shared because every service verifies the same token offline and trusts nothing else from outside.
The token is a JWT (RFC 7519) signed with EdDSA by Vault's key `tokens/caller`, lives a minute at
most, and is passed on from service to service, so that the one who decides knows who asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import attrs

from common.errors import SignInNeeded
from common.signed_tokens import CLOCK_SKEW, PublicKeys, TokenReader

METADATA_KEY = "x-sas-caller"
"""The gRPC metadata key (and HTTP header inside) that carries the token."""

ISSUER = "identity"
KEY = "caller"
"""The key in Vault, `tokens/caller`."""
LONGEST_LIFE = 60
"""Seconds. A token that claims to live longer is refused: sessions must end everywhere at once."""
TOKENS_KEPT = 512
"""Whose signature was found good, so that it need not be looked at again."""

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
    passkeys: frozenset[str] = frozenset()
    """The thumbprints of the caller's own passkeys (`passkeys.py`), as identity keeps them."""


class CallerTokens:
    """Verifies caller tokens."""

    def __init__(self, vault: PublicKeys) -> None:
        # One token comes with many calls of its minute; its times are looked at in each.
        self._claims_of = lru_cache(TOKENS_KEPT)(TokenReader(vault, KEY).claims)

    def verify(self, token: str) -> Caller:
        """
        Give the caller that *token* vouches for.

        Raises:
            SignInNeeded: The token is forged, too old, too long-lived or not of our form.
            TryAgain: Vault is needed for a new public key and can't be reached.
        """
        try:
            return _caller(self._claims_of(token), token)
        except (ValueError, KeyError, TypeError):
            raise SignInNeeded from None


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
        passkeys=_codes(claims["keys"]),
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
