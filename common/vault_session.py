"""
One process's session with Vault: signing in, asking, staying signed in, knowing when it is over.

The process gets a wrapped, single-use secret-id in a file. It opens the wrapping, which works only
once: when somebody else was first, the process learns it here and does not start. The token lives
15 minutes and is renewed in the background, so a stolen one dies with the process it came from.

Works with threads and in a process that eventlet has patched; nothing here waits outside Python's
own sockets, locks and events. Speaks only what OpenBao and HashiCorp Vault have in common.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import hvac
import requests
import structlog
from hvac import exceptions as refusals
from hvac.adapters import JSONAdapter
from requests.adapters import HTTPAdapter

from common.config import VaultSettings
from common.errors import TryAgain
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
    """There is no such key (any more): the record was disposed of."""


_decision: ContextVar[str] = ContextVar("vault_decision", default="")


@contextmanager
def decision(name: str) -> Iterator[None]:
    """Put *name* of the decision (`decisions/...`) in Vault's audit line of every call within."""
    token = _decision.set(name)
    try:
        yield
    finally:
        _decision.reset(token)


class _TracedAdapter(JSONAdapter):  # type: ignore[misc]  # hvac has no types
    """hvac's adapter, with the trace and the decision of now in the headers of each request."""

    def request(self, method: str, url: str, **rest: Any) -> Any:
        headers = dict(rest.pop("headers", None) or {})
        headers["traceparent"] = traceparent()
        headers["x-sas-decision"] = _decision.get()
        return super().request(method, url, headers={k: v for k, v in headers.items() if v}, **rest)


def _client(settings: VaultSettings, token: str) -> hvac.Client:
    session = requests.Session()
    session.trust_env = False  # no proxy, .netrc or CA from the environment
    session.verify = str(settings.ca_file)
    # No retries: a second "destroy" or "sign" is not ours to decide down here.
    session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=IN_FLIGHT + 1))
    return hvac.Client(
        url=settings.url,
        token=token,
        session=session,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,  # the token goes to this address and to no other
        adapter=_TracedAdapter,
    )


class VaultSession:
    """A signed-in session. `Vault` is what services use; this is how it asks."""

    def __init__(
        self, client: hvac.Client, seconds: float, on_lost: Callable[[], None] | None = None
    ) -> None:
        """
        Take over a signed-in client and keep its token alive.

        Args:
            client: holds the token.
            seconds: how long the token lives without a renewal.
            on_lost: called when the session can't be kept; by default the process exits.
        """
        self._client = client
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
        client = _client(settings, token="")
        try:
            with _translated():
                secret_id = _open_wrapping(client, wrapping)
                auth = client.auth.approle.login(settings.role_id, secret_id)["auth"]
        except (VaultDenied, VaultRefused):
            # Worth an alarm: it expired on the way, or somebody else opened it first.
            log.critical("vault_secret_id_refused")
            raise VaultDenied from None
        return cls(client, float(auth["lease_duration"]), on_lost)

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
        with _translated():
            response = self._client.adapter.request(method, f"/v1/{path}", json=body)
        # hvac gives the bare response where there is no content.
        return response if isinstance(response, dict) else {}

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


def _open_wrapping(client: hvac.Client, wrapping: str) -> str:
    """
    Open the wrapped secret-id, after making sure that it is one.

    Somebody who opened the wrapping could have put another one in its place; where it was made
    is the one thing they can't forge.
    """
    made_at = client.adapter.post("/v1/sys/wrapping/lookup", json={"token": wrapping})["data"]
    if not re.fullmatch(r"auth/approle/role/[a-z-]+/secret-id", made_at["creation_path"]):
        raise VaultDenied
    client.token = wrapping
    opened: str = client.sys.unwrap()["data"]["secret_id"]
    client.token = ""
    return opened


_NO_KEY = re.compile(r"key not found|no existing key|could not delete key; not found")


@contextmanager
def _translated() -> Iterator[None]:
    """
    Turn hvac's errors into the four that callers treat differently.

    `from None`, because hvac's error holds the whole answer, and that of a half-refused batch
    holds opened keys.
    """
    try:
        yield
    except (refusals.Forbidden, refusals.Unauthorized):
        raise VaultDenied from None
    except refusals.InvalidPath:
        raise KeyGone from None
    except refusals.InvalidRequest as refusal:
        raise (KeyGone if _NO_KEY.search(refusal.text or "") else VaultRefused) from None
    except (refusals.VaultError, requests.RequestException):
        raise VaultUnavailable from None
