"""The check of the whole ledger, for an operator with a copy of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from services.consent.domain.ledger.frontier import FrontierBroken
from services.consent.domain.ledger.fsck import FRONTIER_BROKEN, Finding, fsck
from services.consent.domain.ledger.note import VerifierKey
from services.consent.storage.ledger import Ledger


def check_ledger(engine: Engine, key: VerifierKey, kept: Sequence[str] = ()) -> Iterator[Finding]:
    """
    Check the ledger in the database of *engine*, and give everything that is wrong with it.

    Args:
        engine: of a copy, or of the living database, in which case what is appended meanwhile is
            left out: all is read in one snapshot.
        key: the ledger's verifier key, from somewhere that is not this database.
        kept: checkpoints that were kept elsewhere, as signed notes.
    """
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as connection:
        ledger = Ledger(connection)
        try:
            frontier = ledger.frontier()
        except FrontierBroken:
            yield Finding(None, FRONTIER_BROKEN)
            return
        checkpoints = [*ledger.all_checkpoints(), *kept]
        yield from fsck(ledger.all_rows(), frontier, checkpoints, key, ledger.tiles)
