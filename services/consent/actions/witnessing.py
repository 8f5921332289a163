"""
Showing the ledger to its witnesses, so that nobody can rewrite it who does not also hold theirs.

A witness stops nothing: while it is silent, all goes on, and the page for operators says since
when. That it contradicts us is an alarm, and no reason to stop either: whoever has tampered with
the ledger must not be able to close the Service with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from services.consent.domain.ledger.cosignature import Cosignature, cosignature
from services.consent.domain.ledger.note import NoteBroken
from services.consent.domain.ledger.proofs import consistency_proof
from services.consent.domain.witnesses import Heard, Witness, heard
from services.consent.storage.ledger import Ledger
from services.consent.storage.witness_line import Answer, WitnessLine
from services.consent.storage.witnesses import Witnesses

log = structlog.get_logger(__name__)

KEPT_APART = timedelta(hours=1)
"""Of one size, a new line is kept when the last is older: a quiet log is asked about at each turn,
and would fill a table with lines that say the same."""


def ask_witness(connection: Connection, line: WitnessLine, now: datetime) -> Witness | None:
    """
    Show a witness our newest checkpoint with the proof that it only grew, and keep what it signs.

    Returns:
        Where it stands now; None if there is nothing to show yet.
    """
    ledger, known = Ledger(connection), Witnesses(connection)
    newest = ledger.newest_checkpoint()
    if newest is None:
        return None
    size, note = newest
    before = known.find(line.key.name) or Witness(line.key.name, 0, None, now, Heard.SILENT)
    old = min(before.size, size)
    proof = consistency_proof(old, size, ledger.subtree) if old else []
    after = _after(before, line.submit(old, proof, note), line, size, note, now)
    witness, signed = after
    known.note(witness)
    if signed is not None:
        last = known.newest_line(witness.name, size)
        if last is None or signed.at - last > KEPT_APART:
            known.keep(witness.name, size, signed)
    _tell(before, witness)
    return witness


def _after(
    before: Witness, answer: Answer | None, line: WitnessLine, size: int, note: str, now: datetime
) -> tuple[Witness, Cosignature | None]:
    """Say where the witness stands after its answer, and give what it signed."""
    name, last = before.name, before.cosigned_at
    if answer is None:
        return Witness(name, before.size, last, now, Heard.SILENT), None
    if answer.status == 200:
        try:
            signed = cosignature(note + answer.body, line.key)
        except NoteBroken:
            signed = None
        if signed is None:
            return Witness(name, before.size, last, now, Heard.REFUSED), None
        return Witness(name, size, signed.at, now, Heard.SIGNED), signed
    stands = before.size if answer.size is None else answer.size
    return Witness(name, stands, last, now, heard(answer.status, answer.size, size)), None


def _tell(before: Witness, now: Witness) -> None:
    """Log what has changed; at each turn it would drown everything else."""
    if now.heard == before.heard:
        return
    if now.contradicts:
        log.error("witness_contradicts", witness=now.name, heard=str(now.heard), size=now.size)
    elif now.heard == Heard.SIGNED:
        log.info("witness_signed", witness=now.name, size=now.size)
    else:
        log.warning("witness_did_not_sign", witness=now.name, heard=str(now.heard))
