"""
Caller tokens: what the services inside are shown in place of a session's secret.

A JWT (RFC 7519), signed with EdDSA (RFC 8037) by a key that never leaves Vault. It lives a minute,
and the same one is given for 20 seconds, so that most calls cost Vault nothing. The session itself
is looked up every time: when it ends, no further call goes in. A passkey that comes or goes makes a
new token at once: whoever has one signs with it from the next call on.
"""

from __future__ import annotations

import threading
import time

import attrs

from common.caller import ISSUER, KEY, LONGEST_LIFE
from common.signed_tokens import TokenSigner
from common.vault import Vault
from services.identity.domain.roles import permissions
from services.identity.domain.sessions import Session

SAME_FOR_SECONDS = 20.0
MOST_KEPT = 10_000


@attrs.frozen
class _Kept:
    token: str = attrs.field(repr=False)
    made_at: float
    passkeys: frozenset[str]


class CallerTokens:
    """Makes caller tokens."""

    def __init__(self, vault: Vault, seconds: int = LONGEST_LIFE) -> None:
        self._signer = TokenSigner(vault, KEY)
        self._seconds = min(seconds, LONGEST_LIFE)
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def token(self, session: Session) -> str:
        """
        Return a caller token for *session*, which the caller of this has just checked.

        Raises:
            TryAgain: Vault can't be reached.
        """
        with self._lock:
            kept = self._kept.get(session.id)
        if (
            kept is not None
            and kept.passkeys == session.passkeys
            and time.monotonic() < kept.made_at + SAME_FOR_SECONDS
        ):
            return kept.token
        token = self._made(session)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[session.id] = _Kept(token, time.monotonic(), session.passkeys)
        return token

    def _made(self, session: Session) -> str:
        now = int(time.time())
        return self._signer.sign(
            {
                "iss": ISSUER,
                "sub": session.person,
                "kind": session.kind,
                "roles": sorted(session.roles),
                "perms": sorted(permissions(session.roles)),
                "sf": session.second_factor,
                "sid": session.id,
                "keys": sorted(session.passkeys),
                "iat": now,
                "exp": now + self._seconds,
            }
        )
