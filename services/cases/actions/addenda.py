"""Adding to the record of a breach after the decision: corrections, and what became of it (R38)."""

from __future__ import annotations

import secrets

import structlog

from common.caller import Caller
from common.errors import NotAvailable
from services.cases.actions.breaches import held_breach
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.breaches import SALT_BYTES, Breach, chained_digest
from services.cases.domain.names import id_of
from services.cases.domain.states import RecordKind
from services.cases.storage.addenda import StoredAddendum
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)

_NO_DIGEST = "0" * 64


def add_addendum(tools: Tools, who: Caller, name: str, *, words: str, request_id: str) -> Breach:
    """
    Add words to the record of a decided breach, in which nothing ever changes.

    The words are sealed and kept first. Then consent writes to the ledger a digest that covers them
    and all before them, and only then they count: so what the ledger names can always be shown,
    and nothing can be taken out of the middle.

    Raises:
        RefusedByPolicy: it is not decided, so it can still be amended.
        NotAvailable: the caller may not know, or there is no such breach.
    """
    addendum_id = id_of(
        name_once(tools, who, "AddBreachAddendum", request_id, "addenda"), "addenda"
    )
    kept = _keep(tools, who, name, addendum_id or "", words)
    if kept is None:
        tools.consent.authorise_breach_addendum(name, f"{name}/addenda/{addendum_id}", _NO_DIGEST)
        raise NotAvailable
    with tools.begin() as work:
        breach = held_breach(work, name)
        stored = work.addenda.find(breach, kept.id)
        if stored is None or stored.counts:
            return breach
        number, before = _chain(work, breach)
        digest = chained_digest(before, b"", stored.words_digest)
        tools.consent.authorise_breach_addendum(name, breach.addendum_item(stored.id), digest.hex())
        work.addenda.count(breach, stored.id, number, digest)
        breach = work.breaches.change(breach)
        work.commit()
    log.info("breach_addendum_added", breach=name)
    return breach


def _keep(
    tools: Tools, who: Caller, name: str, addendum_id: str, words: str
) -> StoredAddendum | None:
    """Seal and keep the words, unless they are there by an earlier try; None without a breach."""
    with tools.begin() as work:
        breach = work.breaches.find(id_of(name, "breaches"))
        if breach is None:
            return None
        if (there := work.addenda.find(breach, addendum_id)) is not None:
            return there
        opened, salt = words.encode(), secrets.token_bytes(SALT_BYTES)
        kept = StoredAddendum(addendum_id, chained_digest(b"", salt, opened), counts=False)
        item = breach.addendum_item(addendum_id)
        sealed = tools.sealing.seal(RecordKind.BREACH, breach.id, item, opened)
        work.addenda.add(breach, kept, sealed, salt=salt, author=who.person, created_at=tools.now())
        work.commit()
    return kept


def _chain(work: Work, breach: Breach) -> tuple[int, bytes]:
    """Give the next number, and the digest of all that is in the record so far."""
    last = work.addenda.last(breach)
    return (last[0] + 1, last[1]) if last else (1, work.breaches.words_digest(breach))
