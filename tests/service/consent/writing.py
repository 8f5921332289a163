"""Entries for tests of the ledger alone, written as those who decide do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from services.consent.domain.ledger.entry import Entry
from services.consent.storage.group_commit import FactsChanged, GroupCommit
from services.consent.storage.ledger import Appended
from services.consent.storage.work import Work
from tests.kit.house import eventually
from tests.service.consent.house import House


def line(items: tuple[str, ...] = ()) -> Entry:
    """Make up an entry."""
    return Entry(
        action="case_note:read",
        effect="allow",
        actor="staffMembers/x",
        role="adviser",
        at=datetime.now(UTC),
        policy_set="test",
        items=items,
    )


def together(group: GroupCommit, new_reads: Callable[[], Work], entry: Entry) -> Appended:
    """Append with whoever else waits; anew for as long as facts change in between."""
    while True:
        with new_reads() as work:
            facts = group.facts(work.ledger)
        try:
            return group.append(entry, facts)
        except FactsChanged:
            continue


def by_itself(new_work: Callable[[], Work]) -> Appended:
    """Append in a transaction that changes facts, too."""
    with new_work() as work:
        appended = work.ledger.append(line())
        work.commit()
        return appended


@contextmanager
def frontier_held(sas: House) -> Iterator[None]:
    """Let nobody append until the block ends."""
    with sas.connect() as holder:
        holder.execute("begin")
        holder.execute("select size from frontier for update")
        yield
        holder.execute("rollback")


def wait_for_waiting(sas: House, count: int) -> None:
    """Wait until *count* transactions of the database wait for each other."""
    waiting = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock'"
    )
    eventually(lambda: sas.sql(waiting) == [(count,)], 10)
