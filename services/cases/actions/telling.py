"""Recording what was told, to whom and when, under a decided breach of confidentiality (R38 iv)."""

from __future__ import annotations

import secrets
from datetime import datetime

import attrs
import structlog

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable
from services.cases.actions.breaches import held_breach
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.breaches import SALT_BYTES, Breach, Told, chained_digest
from services.cases.domain.names import id_of
from services.cases.domain.states import BreachState, RecordKind
from services.cases.storage.breaches import StoredTold

log = structlog.get_logger(__name__)


def record_told(
    tools: Tools,
    who: Caller,
    name: str,
    *,
    recipient: str,
    told: str,
    told_at: datetime,
    request_id: str,
) -> Breach:
    """
    Record what was told, to whom and when.

    The words are sealed and kept first, then consent writes their salted digest to the ledger, and
    only then they count: so what the ledger names can always be shown.

    Raises:
        InvalidFields: the time is still to come.
        RefusedByPolicy: it is not decided, or not for this recipient.
        NotAvailable: the caller may not know, or there is no such breach.
    """
    if told_at > tools.now():
        raise InvalidFields({"told_at": "must not be in the future"})
    told_id = id_of(name_once(tools, who, "RecordBreachDisclosure", request_id, "told"), "told")
    words = Told(recipient=recipient, told=told, told_at=told_at.isoformat(timespec="seconds"))
    kept = _keep_told(tools, who, name, told_id or "", words, told_at)
    if kept is None:
        tools.consent.authorise_breach_disclosure(name, recipient, "0" * 64, told_at)
        raise NotAvailable
    with tools.begin() as work:
        breach = held_breach(work, name)
        stored = work.breaches.find_told(breach, kept.id)
        if stored is None or stored.authorised:
            return breach
        tools.consent.authorise_breach_disclosure(
            name, stored.recipient, stored.digest, stored.told_at
        )
        work.breaches.authorised(breach, stored.id)
        breach = work.breaches.change(attrs.evolve(breach, state=BreachState.DISCLOSED))
        work.commit()
    log.info("breach_disclosed", breach=name)
    return breach


def _keep_told(
    tools: Tools, who: Caller, name: str, told_id: str, words: Told, told_at: datetime
) -> StoredTold | None:
    """Seal and keep what was told, unless it is there by an earlier try; None without a breach."""
    with tools.begin() as work:
        breach = work.breaches.find(id_of(name, "breaches"))
        if breach is None:
            return None
        if (there := work.breaches.find_told(breach, told_id)) is not None:
            return there
        opened = words.to_bytes()
        salt = secrets.token_bytes(SALT_BYTES)
        kept = StoredTold(
            id=told_id,
            recipient=words.recipient,
            told_at=told_at,
            digest=chained_digest(b"", salt, opened).hex(),
            authorised=False,
        )
        item = breach.told_item(told_id)
        sealed = tools.sealing.seal(RecordKind.BREACH, breach.id, item, opened)
        work.breaches.add_told(
            breach, kept, sealed, salt=salt, author=who.person, created_at=tools.now()
        )
        work.commit()
    return kept
