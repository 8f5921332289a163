"""The ledger's signing key, which never leaves Vault, and the checkpoints that it signs."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Protocol

from common.errors import TryAgain
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.note import VerifierKey
from services.consent.storage.ledger import Ledger

_MOUNT = "ledger"
_KEY = "ledger"


class Signs(Protocol):
    """Who holds the key: Vault."""

    def public_keys(self, mount: str, key: str) -> dict[int, bytes]:
        """Give the raw Ed25519 public keys by version."""

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """Give the Ed25519 signature of *message*."""


class LedgerKey:
    """The newest version of the ledger's key, as it was when this process first needed it."""

    def __init__(self, vault: Signs, origin: str) -> None:
        self._vault, self._origin = vault, origin
        self._known: tuple[int, VerifierKey] | None = None
        self._lock = threading.Lock()

    @property
    def public(self) -> VerifierKey:
        """What others verify with."""
        return self._newest()[1]

    def sign(self, frontier: Frontier) -> str:
        """
        Sign the checkpoint of a ledger that is committed; never of one that is not.

        Raises:
            TryAgain: Vault can't be reached.
        """
        version, key = self._newest()
        checkpoint = Checkpoint(key.name, frontier.size, frontier.root)
        return checkpoint.signed(
            key, lambda text: self._vault.sign(_MOUNT, _KEY, text, version=version)
        )

    def answers(self) -> bool:
        """Whether who holds the key answers now; Vault with a full audit log does not."""
        try:
            self._vault.public_keys(_MOUNT, _KEY)
        except TryAgain:
            return False
        return True

    def _newest(self) -> tuple[int, VerifierKey]:
        with self._lock:
            if self._known is None:
                keys = self._vault.public_keys(_MOUNT, _KEY)
                version = max(keys)
                self._known = version, VerifierKey(self._origin, keys[version])
            return self._known


def sign_checkpoint(ledger: Ledger, key: LedgerKey, frontier: Frontier, at: datetime) -> str:
    """
    Give the signed checkpoint of *frontier*, from the table if it was signed before.

    A checkpoint says nothing of the time, so signing the same size again would give the same note.
    """
    note = ledger.checkpoint(frontier.size)
    if note is None:
        note = key.sign(frontier)
        ledger.keep_checkpoint(frontier.size, note, at)
    return note
