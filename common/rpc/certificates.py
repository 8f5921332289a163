"""The certificate of this process for mutual TLS: issued by Vault, renewed long before it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from common.config import Config
from common.errors import TryAgain

log = structlog.get_logger(__name__)

RETRY_SECONDS = 10.0


class Issued(Protocol):
    """A certificate with its key, in PEM, as `common.vault.Certificate`."""

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its intermediate authorities."""

    @property
    def key_pem(self) -> bytes:
        """Its private key."""

    @property
    def expires_at(self) -> datetime:
        """When it ends."""


class IssuesCertificates(Protocol):
    """Who issues certificates: Vault."""

    def issue_certificate(self, role: str, *, domain: str, names: Sequence[str]) -> Issued:
        """Issue a certificate for `spiffe://<domain>/<role>` with *names* as DNS names."""


def server_name(service: str, domain: str) -> str:
    """
    Give the DNS name in the certificate of *service*, such as `cases.sas.internal`.

    It is in no DNS. gRPC's client can compare DNS names only, not SPIFFE URIs, and `localhost` is
    in every service's certificate; so a client asks for this name, and one service can't answer in
    the place of another.
    """
    return f"{service}.{domain}.internal"


class OwnCertificate:
    """
    The certificate of this process, renewed by a thread when two thirds of its life are over.

    When Vault can't be reached, it tries again until it can; the old one serves till its end.
    """

    def __init__(self, config: Config[Any], vault: IssuesCertificates) -> None:
        """Issue the first certificate; raises TryAgain when Vault can't be reached."""
        self._service, self._domain, self._vault = config.service, config.trust.domain, vault
        self._stop = threading.Event()
        self._watchers: list[Callable[[], None]] = []
        self.current = self._issue()
        """What to show now."""
        self._thread = threading.Thread(target=self._renew, name="certificate", daemon=True)
        self._thread.start()

    def when_renewed(self, do: Callable[[], None]) -> None:
        """Have *do* called, in the renewing thread, each time `current` is a new one."""
        self._watchers.append(do)

    def close(self) -> None:
        """Renew no more."""
        self._stop.set()
        self._thread.join(timeout=RETRY_SECONDS)

    def _issue(self) -> Issued:
        names = [server_name(self._service, self._domain), "localhost"]
        return self._vault.issue_certificate(self._service, domain=self._domain, names=names)

    def _renew(self) -> None:
        pause = _seconds_left(self.current) * 2 / 3
        while not self._stop.wait(pause):
            try:
                self.current = self._issue()
            except TryAgain:
                log.warning("certificate_not_renewed", expires_at=self.current.expires_at)
                pause = RETRY_SECONDS
                continue
            log.info("certificate_renewed", expires_at=self.current.expires_at)
            pause = _seconds_left(self.current) * 2 / 3
            for do in self._watchers:
                do()


def _seconds_left(certificate: Issued) -> float:
    return max(0.1, (certificate.expires_at - datetime.now(UTC)).total_seconds())
