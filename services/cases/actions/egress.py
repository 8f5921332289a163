"""
The door: the one place through which somebody's words leave, and only with a pass of the gate.

The gate (`consent`) signs to whom, what for, which items and which bytes. Here that is compared
with what was opened: what is sealed says it, and the digest of the very bytes. A pass opens the
door once, within seconds. `tests/structure/test_egress.py` sees to it that there is no other door.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from common.passes import Bound, PassRefused
from services.cases.actions.tools import Tools
from services.cases.domain.parcels import Parcel
from services.cases.storage.consent import Keys
from services.cases.storage.work import Work


class Leaves(Protocol):
    """What may leave, as it lies here: sealed."""

    def parcel(self, keys: Keys) -> Parcel:
        """
        Open it, and give it with all that it says about itself.

        Raises:
            PayloadChanged: what lies here is not what the gate is asked about.
        """


@attrs.frozen
class Released:
    """What may leave in this call. Made here only."""

    media_type: str
    decision: str
    """The id of the decision that let it out."""
    address: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)


def let_out(tools: Tools, work: Work, found: Leaves, keys: Keys, action: str) -> Released:
    """
    Open something and let it out, with the pass that came with the keys; *work* must commit.

    Raises:
        PayloadChanged: what lies here is not what was agreed to, or released.
        PassRefused: the pass is not for exactly this, not for now, or was used.
    """
    parcel = found.parcel(keys)
    decision = tools.passes.check(keys.gate_pass, bound(parcel, action))
    if not work.passes.use(decision, tools.now()):
        raise PassRefused("used")
    return Released(parcel.media_type, decision, parcel.address, parcel.content)


def bound(parcel: Parcel, action: str) -> Bound:
    """Say what is here, as the gate must have said it."""
    return Bound(
        action=action,
        about=parcel.about,
        recipient=parcel.recipient,
        purpose=parcel.purpose,
        items=parcel.items,
        payload=parcel.payload_digest,
    )
