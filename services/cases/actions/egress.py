"""
The door: the one place through which a disclosure's words leave, and only with a pass of the gate.

The gate (`consent`) signs to whom, what for, which items and which bytes. Here that is compared
with what was opened: the sealed particulars and the digest of the very bytes. A pass opens the door
once, within seconds. `tests/structure/test_egress.py` sees to it that there is no other door.
"""

from __future__ import annotations

import attrs
import structlog

from common.passes import Bound, PassRefused
from services.cases.actions.payloads import SealedPayload
from services.cases.actions.tools import Tools
from services.cases.domain.payload import MEDIA_TYPE, Payload
from services.cases.storage.consent import Keys
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


@attrs.frozen
class Released:
    """What may leave in this call. Made here only."""

    media_type: str
    address: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)


def let_out(tools: Tools, work: Work, found: SealedPayload, keys: Keys, action: str) -> Released:
    """
    Open a disclosure and let it out, with the pass that came with the keys; *work* must commit.

    Raises:
        PayloadChanged: what lies here is not what the student was asked about.
        PassRefused: the pass is not for exactly this, not for now, or was used.
    """
    payload = found.open(keys)
    decision = tools.passes.check(keys.gate_pass, bound(found, payload, action))
    if not work.disclosures.use_pass(decision, tools.now()):
        raise PassRefused("used")
    return Released(MEDIA_TYPE, payload.particulars.recipient_address, payload.content)


def bound(found: SealedPayload, payload: Payload, action: str) -> Bound:
    """Say what is here, as the gate must have said it."""
    sealed = payload.particulars
    return Bound(
        action=action,
        about=found.disclosure.name,
        recipient=sealed.recipient,
        purpose=sealed.purpose.removeprefix("DISCLOSURE_PURPOSE_").lower(),
        items=frozenset(each.item for each in found.items),
        payload=payload.digest(found.salt),
    )
