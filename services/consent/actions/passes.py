"""Passes: what the gate signs for the service that holds the bytes (`common/passes.py`)."""

from __future__ import annotations

import attrs

from common.passes import Bound
from services.consent.actions.deciding import Recorded
from services.consent.actions.opening import Opened
from services.consent.actions.parts import Parts


@attrs.frozen(kw_only=True)
class Leaving:
    """What may leave, as our own tables and the ledger say; nothing of it is the caller's word."""

    recipient: str
    purpose: str
    payload_digest: str


def with_pass(parts: Parts, recorded: Recorded, opened: Opened, leaving: Leaving) -> Opened:
    """
    Sign what this decision lets out: what was agreed to or released, not what the caller says.

    Raises:
        TryAgain: Vault can't be reached; the entry stands, and nothing leaves.
    """
    entry = recorded.or_refuse().entry
    bound = Bound(
        action=entry.action,
        about=entry.about,
        recipient=leaving.recipient,
        purpose=leaving.purpose,
        items=frozenset(entry.items),
        payload=leaving.payload_digest,
    )
    return opened.passed(parts.passes.issue(bound, entry.entry_id))
