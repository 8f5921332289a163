"""Receipts and proofs: what lets a student, a trustee or a court check the ledger without us."""

from __future__ import annotations

import attrs

from common.errors import NotAvailable
from services.consent.actions.parts import Parts
from services.consent.actions.signing import sign_checkpoint
from services.consent.domain.ledger.proofs import inclusion_proof
from services.consent.domain.ledger.receipt import Receipt
from services.consent.storage.ledger import Appended
from services.consent.storage.work import Work


@attrs.frozen
class Proven:
    """An entry, and the `tlog-proof@v1` file that proves it."""

    entry: bytes
    receipt: str


def prove_appended(parts: Parts, appended: Appended) -> Proven:
    """
    Prove an entry that was just committed, under a checkpoint that ends with it.

    Raises:
        TryAgain: Vault can't be reached; the entry stands, and can be proven later.
    """
    with parts.new_work() as work:
        note = sign_checkpoint(work.ledger, parts.ledger_key, appended.frontier, parts.clock())
        work.commit()
    receipt = Receipt(appended.index, appended.path, note)
    return Proven(appended.entry, receipt.render())


def prove(parts: Parts, work: Work, index: int | None) -> Proven:
    """
    Prove any entry; commits *work*.

    Under the newest checkpoint with a witness's line that has the entry in it, for only such a
    proof stands against us too; as long as there is none, under one of the ledger as it is now.

    Raises:
        NotAvailable: there is no such entry.
        TryAgain: Vault can't be reached.
    """
    frontier = work.ledger.frontier()
    entry = work.ledger.entry(index) if index is not None else None
    if index is None or entry is None or index >= frontier.size:
        raise NotAvailable
    witnessed = work.witnesses.newest(above=index)
    if witnessed is not None:
        size, note = witnessed
    else:
        size = frontier.size
        note = sign_checkpoint(work.ledger, parts.ledger_key, frontier, parts.clock())
    path = inclusion_proof(index, size, work.ledger.subtree)
    work.commit()
    return Proven(entry, Receipt(index, tuple(path), note).render())
