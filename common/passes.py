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

import hmac
import json
import time

import attrs

from common.signed_tokens import (
    CLOCK_SKEW,
    PublicKeys,
    Signs,
    TokenForged,
    TokenReader,
    TokenSigner,
)

KEY = "gate"
ISSUER = "gate"
LIVES = 30
"""Seconds. What is let out is let out in the call that asked."""


class PassRefused(Exception):
    """The pass is none, or for something else. Which it was goes to the log, and nowhere else."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


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


class PassOffice:
    """Signs passes."""

    def __init__(self, vault: Signs) -> None:
        self._signer = TokenSigner(vault, KEY)

    def issue(self, bound: Bound, decision: str) -> str:
        """
        Sign a pass for the decision (an entry's id) that allowed it; it can be used once.

        Raises:
            TryAgain: Vault can't be reached.
        """
        now = int(time.time())
        return self._signer.sign(
            {
                "iss": ISSUER,
                "jti": decision,
                "iat": now,
                "exp": now + LIVES,
                "for": bound.canonical(),
            }
        )


class Passes:
    """Checks passes."""

    def __init__(self, vault: PublicKeys) -> None:
        self._reader = TokenReader(vault, KEY)

    def check(self, said: str, bound: Bound) -> str:
        """
        Give the decision that let exactly this out, now. Whoever asks sees to it that it is once.

        Raises:
            PassRefused: it is forged, too old, or for anything else.
            TryAgain: Vault is needed for a new public key and can't be reached.
        """
        try:
            claims = self._reader.claims(said)
        except TokenForged:
            raise PassRefused("forged") from None
        issued, ends, decision = claims.get("iat"), claims.get("exp"), claims.get("jti")
        if not (isinstance(issued, int | float) and isinstance(ends, int | float)):
            raise PassRefused("forged")
        if claims.get("iss") != ISSUER or ends - issued > LIVES or not isinstance(decision, str):
            raise PassRefused("forged")
        now = time.time()
        if not issued - CLOCK_SKEW <= now <= ends + CLOCK_SKEW:
            raise PassRefused("too_old")
        if not hmac.compare_digest(str(claims.get("for")).encode(), bound.canonical().encode()):
            raise PassRefused("for_something_else")
        return decision
