"""Passes: what the gate signs for the service that holds the bytes (`common/passes.py`)."""

from __future__ import annotations

from common.passes import Bound
from services.consent.actions.deciding import Recorded
from services.consent.actions.opening import Opened
from services.consent.actions.parts import Parts


def with_pass(parts: Parts, recorded: Recorded, opened: Opened) -> Opened:
    """
    Sign what this decision lets out: what the student agreed to, not what the caller says.

    Raises:
        TryAgain: Vault can't be reached; the entry stands, and nothing leaves.
    """
    consent = recorded.line.consent
    if consent is None or not recorded.allowed:
        return opened
    asked, entry = consent.asked, recorded.entry
    bound = Bound(
        action=entry.action,
        about=asked.disclosure,
        recipient=asked.recipient,
        purpose=asked.purpose,
        items=frozenset(entry.items),
        payload=asked.payload_digest,
    )
    return opened.passed(parts.passes.issue(bound, entry.entry_id))
