"""
A student's passkeys: how many, for how long, and what is signed to change them.

Whoever has only stolen a session can neither add a passkey nor remove one unseen: where there is
one, it signs the change. Who has lost theirs waits a week, in which the student's list shows it
and any session of theirs can stop it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import attrs

MOST = 5
"""For each student: they stand in every caller token."""
BEGINNING_LASTS = timedelta(minutes=5)
REMOVAL_TAKES = timedelta(days=7)
"""Without a signature; as long as a spoken yes waits to be confirmed."""


@attrs.frozen
class KeptPasskey:
    """A passkey, as it is kept: nothing about the device, its maker or its place."""

    credential_id: bytes
    public_key: bytes
    thumbprint: str
    sign_count: int
    create_time: datetime
    remove_time: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether it can still sign at *now*."""
        return self.remove_time is None or now < self.remove_time


def to_add(once: bytes, attestation_object: bytes) -> bytes:
    """Give what a passkey signs to have this new one beside it."""
    return _challenge("add", once, hashlib.sha256(attestation_object).digest())


def to_remove(once: bytes, credential_id: bytes) -> bytes:
    """Give what a passkey signs to have this one removed at once."""
    return _challenge("remove", once, credential_id)


def handle_of(student: str) -> bytes:
    """Give what tells a student's account from another on a device; it leads to no name of ours."""
    return hashlib.sha256(f"sas/passkey/handle/v1\n{student}".encode()).digest()


def _challenge(what: str, once: bytes, about: bytes) -> bytes:
    return hashlib.sha256(f"sas/passkey/{what}/v1\n{once.hex()}\n{about.hex()}".encode()).digest()
