"""What the actions work with. Put together in `__main__`, or in a test from other parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from common.passes import PassOffice
from common.passkeys import RelyingParty
from common.vault import Vault
from services.consent.actions.signing import LedgerKey
from services.consent.domain.exports.controller import Controller
from services.consent.policies.engine import Policy
from services.consent.storage.group_commit import GroupCommit
from services.consent.storage.work import Change, Work


def now_in_utc() -> datetime:
    """Give the time of this machine, the only clock that counts (R6)."""
    return datetime.now(UTC)


@attrs.frozen
class Parts:
    """Everything an action may need."""

    new_change: Callable[[], Change]
    """A transaction that changes facts: nobody else decides meanwhile."""
    new_work: Callable[[], Work]
    """A transaction on which no decision rests."""
    new_reads: Callable[[], Work]
    """Each statement by itself, for what only reads."""
    group_commit: GroupCommit
    policy: Policy
    vault: Vault
    ledger_key: LedgerKey
    passes: PassOffice
    relying_party: RelyingParty = attrs.field(factory=RelyingParty)
    """For whom, and at which pages, students' passkeys are; none, and none is believed."""
    clock: Callable[[], datetime] = now_in_utc
    verbal_lasts: timedelta = timedelta(days=7)
    """How long a spoken yes counts unless it is confirmed."""
    ledger_disk: Path | None = None
    """Where the ledger's database lies, if on this machine."""
    controller: Controller = attrs.field(factory=Controller)
    """Who is responsible, as records of consent say it."""
