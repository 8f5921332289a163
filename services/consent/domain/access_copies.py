"""A student's own copy of what is in a case, as the ledger has it: released, and not recalled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from services.consent.domain.ledger.entry import salted

RELEASE = "access_copy:release"
RECALL = "access_copy:recall"
PURPOSE = "access_request"
"""What a copy is for, in the ledger and in the gate's pass."""


@attrs.frozen
class ReleasedCopy:
    """What was released, beside what is about to be collected."""

    items: frozenset[str]
    this_payload: bool
    """Whether the bytes are those: the ledger holds their digest only salted."""


def released_copy(
    said: Mapping[str, Any], *, record: str, payload_digest: str
) -> ReleasedCopy | None:
    """
    Read the newest entry that says what became of a copy; None if it is not out.

    Args:
        said: the entry, parsed; of a release or a recall, and allowed.
        record: the case that the copy is said to be of.
        payload_digest: of what is about to be collected.
    """
    if (said["action"], said["record"]) != (RELEASE, record):
        return None
    fits = said["payload"] == salted(said["nonce"], payload_digest)
    return ReleasedCopy(frozenset(said["items"]), fits)
