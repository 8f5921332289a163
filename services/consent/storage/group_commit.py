"""
Group commit: the entries of all who wait are committed together, while the next ones gather.

Nobody waits for company: whoever comes first commits at once, and what comes meanwhile is the next
batch, which the first of those who wait commits for all. So one caller alone is as fast as without
it, and many share the cost of one durable commit.

Each caller says at which version of the facts they decided. An entry is written only if no fact has
changed since; so a decision and what it rests on are as if they were one transaction, and a wall or
a withdrawal that was committed first always wins. It holds nothing while anybody decides.

It has connections of its own, so that it never waits for those of the calls. Several processes may
do this at the same time, and transactions that change facts append by themselves: all meet at the
frontier's row.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import uuid4

import attrs
import structlog
from sqlalchemy import Engine

from common.db import UnitOfWork
from common.errors import TryAgain
from common.telemetry import span
from services.consent.domain.ledger.entry import Entry, EntryBroken
from services.consent.storage.ledger import Appended, End, Ledger

log = structlog.get_logger(__name__)

_AT_MOST = 256
"""Entries in one batch: of the longest kind they make 16 MiB."""


class FactsChanged(Exception):
    """Since this was decided, something has changed on which it may rest; nothing was written."""


class _Caller:
    """Somebody who waits for their entry."""

    def __init__(self, entry: Entry, facts: int) -> None:
        self.entry, self.facts = entry, facts
        self.outcome: Appended | EntryBroken | FactsChanged | None = None
        """Where it stands; or why it alone can't stand anywhere; None if the batch failed."""
        self.batch = 0
        self.leads = False
        self._turn = threading.Lock()
        self._turn.acquire()

    def wait(self) -> None:
        """Wait until the outcome is there, or until it is this caller's turn to commit."""
        self._turn.acquire()

    def wake(self) -> None:
        """End the waiting."""
        self._turn.release()


@attrs.frozen
class _Placed:
    """A batch with its places worked out: for each caller, where the entry goes or why nowhere."""

    outcomes: Sequence[Appended | EntryBroken | FactsChanged]
    written: Sequence[tuple[Entry, Appended]]
    after: End

    @classmethod
    def of(cls, before: End, batch: Sequence[_Caller]) -> _Placed:
        frontier = before.frontier
        outcomes: list[Appended | EntryBroken | FactsChanged] = []
        written: list[tuple[Entry, Appended]] = []
        for caller in batch:
            if caller.facts != before.facts:
                outcomes.append(FactsChanged())
                continue
            try:
                appended = Appended.after(frontier, caller.entry)
            except EntryBroken as error:
                outcomes.append(error)
                continue
            frontier = appended.frontier
            outcomes.append(appended)
            written.append((caller.entry, appended))
        return cls(outcomes, written, End(frontier, before.facts))


class GroupCommit:
    """Appends entries of many threads, each batch in one transaction."""

    def __init__(self, at_once: Engine, transactions: Engine) -> None:
        """Take for this alone a connection that commits each statement, and one that does not."""
        self._at_once, self._transactions = at_once, transactions
        self._guard = threading.Lock()
        self.waiting: list[_Caller] = []
        """Who comes into the next batch."""
        self._led = False
        self._unwritten: Entry | None = None
        """An entry of the last batch, if that could not be written."""
        self._end: End | None = None
        """Where our last batch ended; mostly it is still there, which saves asking."""

    def facts(self, ledger: Ledger) -> int:
        """
        Give a version of the facts, for whoever reads them after this and then appends.

        An old one, as remembered from the last batch, is good enough: the facts are then found
        to have changed.
        """
        end = self._end
        return ledger.facts() if end is None else end.facts

    def forget(self) -> None:
        """Remember no longer where the ledger ended: this process has itself changed something."""
        self._end = None

    def append(self, entry: Entry, facts: int) -> Appended:
        """
        Append *entry*; it is committed when this returns.

        Args:
            entry: what to append.
            facts: their version, from before what was decided by was read.

        Raises:
            FactsChanged: they are of another version now; nothing was written.
            EntryBroken: this entry is too long. The others in its batch are none the worse.
            TryAgain: the batch could not be committed, or nobody knows whether it was.
        """
        caller = _Caller(entry, facts)
        with span("ledger append") as waiting:
            with self._guard:
                self.waiting.append(caller)
                caller.leads, self._led = not self._led, True
            if not caller.leads:
                caller.wait()
            if caller.leads:
                self._lead()
            waiting.set_attribute("sas.ledger_batch", caller.batch)
            if caller.outcome is None:
                raise TryAgain
        if isinstance(caller.outcome, EntryBroken | FactsChanged):
            raise caller.outcome
        return caller.outcome

    def takes_lines(self) -> bool:
        """
        Say whether a line can be written, as far as one can know without writing.

        A full disk shows when it refuses a line. From then on an entry like that one is written
        and undone for whoever asks here, so that one sees when there is room again, even if
        nobody decides anything meanwhile.
        """
        unwritten = self._unwritten
        if unwritten is None:
            return True
        try:
            with UnitOfWork(self._transactions) as work:  # and not committed
                Ledger(work.connection).append(attrs.evolve(unwritten, entry_id=str(uuid4())))
        except TryAgain:
            return False
        self._unwritten = None
        return True

    def _lead(self) -> None:
        """Commit one batch, for all who wait; then let the first of the next ones lead."""
        with self._guard:
            batch, self.waiting = self.waiting[:_AT_MOST], self.waiting[_AT_MOST:]
        try:
            self._commit(batch)
        finally:
            with self._guard:
                self._led = bool(self.waiting)
                woken = self.waiting[:1]
                for each in woken:
                    each.leads = True
            for each in (*woken, *(other for other in batch if not other.leads)):
                each.wake()

    def _commit(self, batch: Sequence[_Caller]) -> None:
        known, placed = self._end, None
        try:
            if known is not None and all(caller.facts == known.facts for caller in batch):
                placed = self._append_at(known, batch)
            placed = placed or self._append(batch)
        except TryAgain:  # logged where it was met
            self._end, self._unwritten = None, batch[0].entry
            return
        except Exception as error:
            log.exception("ledger_batch_failed", exc_info=error)
            self._end, self._unwritten = None, batch[0].entry
            return
        self._end, self._unwritten = placed.after, None
        for caller, outcome in zip(batch, placed.outcomes, strict=True):
            caller.outcome, caller.batch = outcome, len(placed.written)

    def _append_at(self, before: End, batch: Sequence[_Caller]) -> _Placed | None:
        """Append in one round trip, if the ledger still ends where we left it."""
        placed = _Placed.of(before, batch)
        with UnitOfWork(self._at_once) as work:
            return placed if Ledger(work.connection).add(before, placed.written) else None

    def _append(self, batch: Sequence[_Caller]) -> _Placed:
        """Append wherever the ledger ends now: somebody else wrote, or we have just begun."""
        with UnitOfWork(self._transactions) as work:
            ledger = Ledger(work.connection)
            before = ledger.hold()
            placed = _Placed.of(before, batch)
            ledger.add(before, placed.written)
            work.commit()
        return placed
