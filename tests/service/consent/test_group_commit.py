"""
Group commit: many decisions share one durable commit, and none is answered before it.

The tests hold the frontier's row, so that who waits for whom is known and not a matter of luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from common.db import POOL
from common.errors import NotAvailable, TryAgain
from services.consent.actions import records, walls
from services.consent.actions.opening import Opened
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Who
from services.consent.domain.ledger.entry import Entry, EntryBroken
from services.consent.storage.group_commit import GroupCommit
from services.consent.storage.ledger import Appended
from tests.kit.house import eventually
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff

ADVISER = Who(staff().name, "staff", frozenset({"adviser"}), second_factor=True)
HOLDING_FACTS = """
    select pid from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted
    and database = (select oid from pg_database where datname = current_database())
"""
WAITING_FOR_THE_FRONTIER = """
    select pid from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and strpos(query, 'frontier') > 0
"""


@pytest.fixture
def parts(sas: House) -> Iterator[Parts]:
    """Consent's actions in this process, on the same database as the running service."""
    with sas.parts(lambda: datetime.now(UTC)) as made:
        yield made


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    """More callers than the process has connections."""
    with ThreadPoolExecutor(3 * POOL) as threads:
        yield threads


@contextmanager
def frontier_held(sas: House) -> Iterator[None]:
    """Let nobody append until the block ends."""
    with sas.connect() as holder:
        holder.execute("begin")
        holder.execute("select size from frontier for update")
        yield
        holder.execute("rollback")


def opening(parts: Parts, record: str) -> Opened:
    """Decide on an opening; without items, nothing is asked of Vault."""
    return records.open_record(
        parts,
        ADVISER,
        records.Opening(
            record=record,
            action="case_note:read",
            purpose="advice",
            items=[],
            about="",
            through="cases",
        ),
    )


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


def commits(sas: House, indexes: Sequence[int]) -> int:
    """Count the transactions that wrote these entries."""
    return int(
        sas.sql(
            "select count(distinct xmin::text) from entries where idx = any(%s)", list(indexes)
        )[0][0]
    )


def blocked(sas: House) -> list[int]:
    """Give the processes of the database that wait for the frontier."""
    return [pid for (pid,) in sas.sql(WAITING_FOR_THE_FRONTIER)]


def test_those_who_wait_are_committed_together(
    sas: House, parts: Parts, case: Case, crowd: ThreadPoolExecutor
) -> None:
    """More callers than connections: none starves, and few commits serve them all."""
    with frontier_held(sas):
        answers = [crowd.submit(opening, parts, case.record) for _ in range(3 * POOL)]
        eventually(lambda: len(sas.sql(HOLDING_FACTS)) == POOL, 2.5)
        assert not any(answer.done() for answer in answers)
    indexes = sorted(answer.result().ledger_index for answer in answers)
    assert len(set(indexes)) == 3 * POOL
    assert commits(sas, indexes[:POOL]) == 2  # the first to come, and all who waited meanwhile
    size, highest = sas.sql("select count(*), max(idx) + 1 from entries")[0]
    assert size == highest


def test_one_caller_alone_waits_for_nobody(sas: House, parts: Parts, case: Case) -> None:
    indexes = [opening(parts, case.record).ledger_index for _ in range(3)]
    assert commits(sas, indexes) == 3


def test_an_entry_that_is_too_long_fails_alone(
    sas: House, parts: Parts, crowd: ThreadPoolExecutor
) -> None:
    long = tuple(f"notes/{number}{'x' * 180}" for number in range(400))
    with frontier_held(sas):
        first = crowd.submit(parts.group_commit.append, line())
        eventually(lambda: blocked(sas), 2.5)
        others = [
            crowd.submit(parts.group_commit.append, line(items=items))
            for items in ((), long, (), ())
        ]
        wait_until_queued(parts.group_commit, 4)
    with pytest.raises(EntryBroken):
        others.pop(1).result()
    indexes = [each.result().index for each in (first, *others)]
    assert len(set(indexes)) == 4
    assert commits(sas, indexes) == 2


def test_a_failed_batch_fails_all_its_callers_and_leaves_nothing(
    sas: House, parts: Parts, crowd: ThreadPoolExecutor
) -> None:
    """When the ledger cannot answer, the answer is no; and the next batch is none the worse."""
    parts.group_commit.append(line())
    entries = [line() for _ in range(4)]
    with frontier_held(sas):
        first = crowd.submit(parts.group_commit.append, entries[0])
        eventually(lambda: blocked(sas), 2.5)
        others = [crowd.submit(parts.group_commit.append, each) for each in entries[1:]]
        wait_until_queued(parts.group_commit, 3)
        end(sas, blocked(sas))
        with pytest.raises(TryAgain):
            first.result()
        eventually(lambda: blocked(sas), 2.5)
        end(sas, blocked(sas))
        for each in others:
            with pytest.raises(TryAgain):
                each.result()
    known = sas.sql(
        "select 1 from entries where entry_id = any(%s::uuid[])",
        [each.entry_id for each in entries],
    )
    assert known == []
    assert parts.group_commit.append(line())


def test_a_wall_waits_for_the_openings_before_it(
    sas: House, parts: Parts, case: Case, crowd: ThreadPoolExecutor
) -> None:
    """R10: an opening that was decided before a wall stands before it in the ledger, too."""
    with frontier_held(sas):
        before = crowd.submit(opening, parts, case.record)
        eventually(lambda: sas.sql(HOLDING_FACTS), 2.5)
        wall = crowd.submit(
            walls.declare_wall,
            parts,
            ADVISER,
            staff_member="",
            record=case.record,
            request_id=str(uuid4()),
        )
        eventually(
            lambda: sas.sql(
                "select pid from pg_locks where not granted and mode = 'ExclusiveLock'"
            ),
            2.5,
        )
    index = before.result().ledger_index
    wall.result()
    walled = sas.sql("select ledger_index from walls where record = %s", case.record)[0][0]
    assert index < walled
    with pytest.raises(NotAvailable):
        opening(parts, case.record)


def test_an_opening_that_lost_its_locks_is_not_answered(
    sas: House, parts: Parts, case: Case, crowd: ThreadPoolExecutor
) -> None:
    """A wall may have gone up before the line by then: the line stands, and nothing is opened."""
    lines = "select count(*) from entries where record = %s"
    with frontier_held(sas):
        waiting = crowd.submit(opening, parts, case.record)
        eventually(lambda: blocked(sas), 2.5)
        end(sas, [pid for (pid,) in sas.sql(HOLDING_FACTS)])
    with pytest.raises(TryAgain):
        waiting.result()
    assert sas.sql(lines, case.record) == [(1,)]


def test_several_processes_share_one_ledger(sas: House, crowd: ThreadPoolExecutor) -> None:
    """Replicas of consent, and transactions that change facts, meet at the frontier."""
    with sas.parts(lambda: datetime.now(UTC)) as one, sas.parts(lambda: datetime.now(UTC)) as two:

        def by_itself() -> Appended:
            with one.new_work() as work:
                appended = work.ledger.append(line())
                work.commit()
                return appended

        ways = (
            lambda: one.group_commit.append(line()),
            lambda: two.group_commit.append(line()),
            by_itself,
        )
        answers = [crowd.submit(ways[number % 3]) for number in range(90)]
        placed = sorted((each.result() for each in answers), key=lambda each: each.index)
    assert len({each.index for each in placed}) == 90
    for each in placed:
        (entry,) = sas.sql("select entry from entries where idx = %s", each.index)[0]
        assert bytes(entry) == each.entry
    size, peaks = sas.sql("select size, peaks from frontier")[0]
    if size == placed[-1].frontier.size:
        assert bytes(peaks) == placed[-1].frontier.to_bytes()


def wait_until_queued(group: GroupCommit, count: int) -> None:
    """Wait until *count* callers wait for the next batch."""
    eventually(lambda: len(group.waiting) == count, 2.5)


def end(sas: House, processes: Sequence[int]) -> None:
    """End connections from the database's side."""
    assert processes
    for pid in processes:
        sas.sql("select pg_terminate_backend(%s)", pid)
