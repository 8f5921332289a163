"""What the actions work with. Put together in `__main__`, or in a test from other parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import attrs

from common.db import etag
from common.errors import NotAvailable
from common.pace import Pace
from common.passkeys import RelyingParty
from common.vault import Vault
from services.identity.domain.sessions import Lifetimes
from services.identity.domain.students import Student
from services.identity.storage.consent import Consent
from services.identity.storage.identity_provider import IdentityProvider
from services.identity.storage.sealing import BlindIndex, Sealer
from services.identity.storage.walls import Walls
from services.identity.storage.work import Work


def now_in_utc() -> datetime:
    """Return the time of this machine, the only clock that counts."""
    return datetime.now(UTC)


@attrs.frozen
class Parts:
    """Everything an action may need."""

    new_work: Callable[[], Work]
    new_reads: Callable[[], Work]
    within_walls: Callable[[], Work]
    """A transaction in which students behind the caller's walls are not there (R10)."""
    vault: Vault
    consent: Consent
    walls: Walls
    provider: IdentityProvider
    redirect_uris: tuple[str, ...]
    lifetimes: Lifetimes
    relying_party: RelyingParty
    """For whom, and at which pages, students' passkeys are."""
    pace: Pace
    """When those are answered who must not learn from the time whom we know."""
    clock: Callable[[], datetime] = now_in_utc

    @property
    def sealer(self) -> Sealer:
        """What seals words."""
        return Sealer(self.vault)

    @property
    def index(self) -> BlindIndex:
        """What finds without reading."""
        return BlindIndex(self.vault)

    def seal_address(self, staff_member: str, address: str) -> str:
        """Seal where somebody is written to, for the worker that does; nobody here opens it."""
        return self.vault.encrypt(
            "post", "staff", address.encode(), bound_to=f"notice {staff_member}"
        )


def uuid_of(name: str) -> str:
    """
    Return the uuid in a resource name.

    Raises:
        NotAvailable: it has the right letters but is no uuid, so there is no such thing.
    """
    uuid = name.partition("/")[2]
    try:
        if str(UUID(uuid)) == uuid:
            return uuid
    except ValueError:
        pass
    raise NotAvailable


def etag_of(student: Student) -> str:
    """Return what changes with every change of the student."""
    return etag(student.id, student.version)
