"""
One process's session with Vault: signing in, asking, staying signed in, knowing when it is over.

The process gets a wrapped, single-use secret-id in a file. It opens the wrapping, which works only
once: when somebody else was first, the process learns it here and does not start. The token lives
15 minutes and is renewed in the background, so a stolen one dies with the process it came from.

Works with threads and in a process that eventlet has patched; nothing here waits outside Python's
own sockets, locks and events. Speaks only what OpenBao and HashiCorp Vault have in common.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import structlog

from common.config import VaultSettings
from common.errors import TryAgain
from common.https import HTTPError, kept_connections
from common.telemetry import SpanKind, span, traceparent

log = structlog.get_logger(__name__)

IN_FLIGHT = 8
"""Calls at once per process. More made Vault no faster, only its slowest answers slower."""

TIMEOUT_SECONDS = 5.0
"""For one call, and for waiting until fewer than `IN_FLIGHT` are under way."""

EXIT_SESSION_LOST = 75
"""The exit status (EX_TEMPFAIL) that tells the supervisor: start me again with a new secret-id."""

_RETRY_SECONDS = 5.0

Answer = dict[str, Any]


class VaultUnavailable(TryAgain):
    """Vault can't be reached, is sealed, or is too busy: nothing was opened, try again."""


class VaultDenied(Exception):
    """Not for this process to do, or its session has ended. Never the caller's fault."""


class VaultRefused(Exception):
    """Vault found the request wrong: another item's wrapped key, or one that was changed."""


class KeyGone(Exception):
    """There is no such key (any more), such as of a record that was disposed of."""


_decision: ContextVar[str] = ContextVar("vault_decision", default="")


@contextmanager
def decision(name: str) -> Iterator[None]:
    """Put *name* of the decision (`decisions/...`) in Vault's audit line of every call within."""
    token = _decision.set(name)
    try:
        yield
    finally:
        _decision.reset(token)


class _Connection:
    """Asks Vault, and turns its refusals into the four that callers treat differently."""

    def __init__(self, settings: VaultSettings) -> None:
        self._kept = kept_connections(
            settings.url, settings.ca_file, seconds=TIMEOUT_SECONDS, at_most=IN_FLIGHT + 1
        )

    def ask(self, token: str, method: str, path: str, body: Answer | None = None) -> Answer:
        """
        Ask once, with the trace and the decision of now in the headers; they are audited.

        No second try: another "destroy" or "sign" is not ours to decide down here. No redirects:
        the token goes to this address and to no other.

        Returns:
            The answer as Vault gave it; empty where it answers without content.

        Raises:
            VaultUnavailable, VaultDenied, VaultRefused, KeyGone.
        """
        headers = {
            "X-Vault-Token": token,
            "X-Vault-Request": "true",
            "traceparent": traceparent(),
            "x-sas-decision": _decision.get(),
        }
        try:
            response = self._kept.urlopen(
                method,
                f"/v1/{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers={name: value for name, value in headers.items() if value},
                redirect=False,
            )
            if response.status in (200, 204):
                answer: Answer = json.loads(response.data) if response.data else {}
                return answer
        except (HTTPError, ValueError):
            raise VaultUnavailable from None
        # What a refusal says stays here: that of a half-refused batch holds opened keys.
        raise _refusal(response.status, response.data)


class VaultSession:
    """A signed-in session. `Vault` is what services use; this is how it asks."""

    def __init__(
        self,
        connection: _Connection,
        token: str,
        seconds: float,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        """
        Take over a token and keep it alive.

        Args:
            connection: the way to Vault.
            token: what we are signed in with.
            seconds: how long the token lives without a renewal.
            on_lost: called when the session can't be kept; by default the process exits.
        """
        self._connection, self._token = connection, token
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._on_lost = on_lost or _leave
        self._gate = threading.BoundedSemaphore(IN_FLIGHT)
        self._wake = threading.Event()
        self._closed = False
        threading.Thread(target=self._keep_alive, name="vault-renewal", daemon=True).start()

    @classmethod
    def login(
        cls, settings: VaultSettings, on_lost: Callable[[], None] | None = None
    ) -> VaultSession:
        """
        Sign in with the wrapped secret-id from the file in *settings*, which is deleted.

        Raises:
            VaultDenied: the wrapping was opened before, has expired, or is not of an AppRole.
            VaultUnavailable: Vault does not answer.
        """
        file = Path(settings.wrapped_secret_id_file)
        wrapping = file.read_text().strip()
        file.unlink()
        connection = _Connection(settings)
        try:
            login = {
                "role_id": settings.role_id,
                "secret_id": _open_wrapping(connection, wrapping),
            }
            auth = connection.ask("", "POST", "auth/approle/login", login)["auth"]
        except (VaultDenied, VaultRefused):
            # Worth an alarm: it expired on the way, or somebody else opened it first.
            log.critical("vault_secret_id_refused")
            raise VaultDenied from None
        return cls(connection, auth["client_token"], float(auth["lease_duration"]), on_lost)

    def ask(
        self, method: str, operation: str, path: str, body: Answer | None = None, **attributes: str
    ) -> Answer:
        """
        Ask Vault once, within a span `vault <operation>`.

        Returns:
            The answer as Vault gave it; empty where it answers without content.

        Raises:
            VaultUnavailable, VaultDenied, VaultRefused, KeyGone.
        """
        facts = {"sas.vault.operation": operation, "sas.vault.mount": path.split("/")[0]}
        with span(f"vault {operation}", SpanKind.CLIENT, **facts, **attributes):
            if not self._gate.acquire(timeout=TIMEOUT_SECONDS):
                raise VaultUnavailable
            try:
                return self._ask(method, path, body)
            except VaultDenied:
                # Either a policy says no or the token is dead; a renewal now tells which.
                self._wake.set()
                raise
            finally:
                self._gate.release()

    def close(self) -> None:
        """Sign out: Vault forgets the token and, with it, every database login made by it."""
        self._closed = True
        self._wake.set()
        try:
            self._ask("POST", "auth/token/revoke-self", None)
        except (VaultUnavailable, VaultDenied):
            log.info("vault_sign_out_failed")  # the token ends by itself within its period

    def _ask(self, method: str, path: str, body: Answer | None) -> Answer:
        return self._connection.ask(self._token, method, path, body)

    def _keep_alive(self) -> None:
        pause = self._seconds / 3
        while not self._closed:
            self._wake.wait(pause)
            if self._closed:
                return
            self._wake.clear()
            pause = self._renew()
            time.sleep(1)  # many refused calls in a row cause one renewal a second, not more

    def _renew(self) -> float:
        """Renew the token; return the seconds until the next time."""
        try:
            auth = self._ask("POST", "auth/token/renew-self", {}).get("auth") or {}
            self._ends = time.monotonic() + float(auth.get("lease_duration", 0))
        except VaultUnavailable:
            log.warning("vault_renewal_failed")
            if time.monotonic() < self._ends:
                return _RETRY_SECONDS
            self._lost()
        except (VaultDenied, VaultRefused, KeyGone):
            self._lost()
        return max(_RETRY_SECONDS, (self._ends - time.monotonic()) / 3)

    def _lost(self) -> None:
        if not self._closed:
            self._closed = True
            log.critical("vault_session_lost")
            self._on_lost()


def _leave() -> None:
    """
    End the process at once.

    Without Vault it can neither seal nor open, and its single-use secret-id is spent; only a start
    with a new one helps. `sys.exit` would end this thread alone.
    """
    os._exit(EXIT_SESSION_LOST)


def _open_wrapping(connection: _Connection, wrapping: str) -> str:
    """
    Open the wrapped secret-id, after making sure that it is one.

    Somebody who opened the wrapping could have put another one in its place; where it was made
    is the one thing they can't forge.
    """
    made_at = connection.ask("", "POST", "sys/wrapping/lookup", {"token": wrapping})["data"]
    if not re.fullmatch(r"auth/approle/role/[a-z-]+/secret-id", made_at["creation_path"]):
        raise VaultDenied
    opened: str = connection.ask(wrapping, "POST", "sys/wrapping/unwrap")["data"]["secret_id"]
    return opened


_NO_KEY = re.compile(
    rb"key not found|no existing key|could not delete key; not found"
    rb"|version is disallowed by policy \(too old\)"
)
"""Said of a key that is not there, or not in the version that would be needed."""


def _refusal(status: int, text: bytes) -> Exception:
    match status:
        case 401 | 403:
            return VaultDenied()
        case 404:
            return KeyGone()
        case 400:
            return KeyGone() if _NO_KEY.search(text) else VaultRefused()
        case _:
            return VaultUnavailable()
