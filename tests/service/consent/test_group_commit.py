"""
Group commit: many decisions share one durable commit, and none is answered before it.

The tests hold the frontier's row, so that who waits for whom is known and not a matter of luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from common.db import POOL
from common.errors import NotAvailable, TryAgain
from services.consent.actions import gate, records, walls
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.opening import Opened
from services.consent.actions.parts import Parts
from services.consent.domain.decision import Question
from services.consent.domain.facts import Record, Who
from services.consent.domain.ledger.entry import EntryBroken
from services.consent.policies import questions
from services.consent.storage.group_commit import FactsChanged, GroupCommit
from services.consent.storage.work import Work
from tests.kit.house import eventually
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff
from tests.service.consent.writing import by_itself, frontier_held, line, together

ADVISER = Who(staff().name, "staff", frozenset({"adviser"}), second_factor=True)
UNWATCHED = {
    *("entries", "frontier", "tiles", "checkpoints", "cosignatures", "witnesses"),
    *("outbox", "inbox", "requests", "reminders", "alembic_version"),
}
"""What no decision rests on: the ledger, what is made from it, and the plumbing."""
WAITING_FOR_THE_FRONTIER = """
    select pid from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and query ~ 'frontier|hold_ledger'
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
        wait_until_queued(parts.group_commit, 3 * POOL - 1)
        assert not any(answer.done() for answer in answers)
    indexes = [answer.result().ledger_index for answer in answers]
    assert len(set(indexes)) == 3 * POOL
    assert commits(sas, indexes) == 2  # the first to come, and all who waited meanwhile
    size, highest = sas.sql("select count(*), max(idx) + 1 from entries")[0]
    assert size == highest


def test_one_caller_alone_waits_for_nobody(sas: House, parts: Parts, case: Case) -> None:
    indexes = [opening(parts, case.record).ledger_index for _ in range(3)]
    assert commits(sas, indexes) == 3


def test_an_entry_that_is_too_long_fails_alone(
    sas: House, parts: Parts, crowd: ThreadPoolExecutor
) -> None:
    long = tuple(f"notes/{number}{'x' * 180}" for number in range(400))
    facts = version(sas)
    with frontier_held(sas):
        first = crowd.submit(parts.group_commit.append, line(), facts)
        eventually(lambda: blocked(sas), 2.5)
        others = [
            crowd.submit(parts.group_commit.append, line(items=items), facts)
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
    facts = version(sas)
    parts.group_commit.append(line(), facts)
    entries = [line() for _ in range(4)]
    with frontier_held(sas):
        first = crowd.submit(parts.group_commit.append, entries[0], facts)
        eventually(lambda: blocked(sas), 2.5)
        others = [crowd.submit(parts.group_commit.append, each, facts) for each in entries[1:]]
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
    assert parts.group_commit.append(line(), facts)


def test_a_wall_waits_for_the_openings_before_it(
    sas: House, parts: Parts, case: Case, crowd: ThreadPoolExecutor
) -> None:
    """R10: an opening that was decided before a wall stands before it in the ledger, too."""
    opening(parts, case.record)
    with frontier_held(sas):
        before = crowd.submit(opening, parts, case.record)
        eventually(lambda: len(blocked(sas)) == 1, 2.5)
        wall = crowd.submit(wall_off, parts, case)
        eventually(lambda: len(blocked(sas)) == 2, 2.5)
    index = before.result().ledger_index
    wall.result()
    walled = sas.sql("select ledger_index from walls where record = %s", case.record)[0][0]
    assert index < walled
    with pytest.raises(NotAvailable):
        opening(parts, case.record)


def test_what_changed_while_it_was_decided_is_decided_anew(
    sas: House, parts: Parts, case: Case
) -> None:
    """R6, R10: a wall that goes up after the facts were read and before the entry is seen."""
    asked: list[Record] = []

    def ask(work: Work, _: datetime) -> Asked:
        record = work.records.find(case.record)
        if not asked:
            wall_off(parts, case)
        asked.append(record)
        return to_open(ADVISER, record), Line()

    recorded = decide_and_commit(parts, ask)
    assert [record.walled for record in asked] == [frozenset(), {ADVISER.name}]
    assert not recorded.allowed
    lines = "select action, effect from entries where record = %s order by idx"
    assert sas.sql(lines, case.record) == [("wall:declare", "allow"), ("case_note:read", "deny")]


def test_what_another_process_changed_meanwhile_is_decided_anew(
    sas: House, parts: Parts, case: Case
) -> None:
    """Also where it left no entry, so that the ledger still ends where this process left it."""
    opening(parts, case.record)
    asked: list[Record] = []

    def ask(work: Work, _: datetime) -> Asked:
        asked.append(work.records.find(case.record))
        if len(asked) == 1:
            with sas.connect() as other:
                other.execute("insert into disposals values (%s, now())", (case.record,))
                other.commit()
        return to_open(ADVISER, asked[-1]), Line()

    recorded = decide_and_commit(parts, ask)
    assert [record.disposed_at is None for record in asked] == [True, False]
    assert not recorded.allowed


def test_while_it_is_decided_anew_nothing_changes(
    sas: House, parts: Parts, case: Case, crowd: ThreadPoolExecutor
) -> None:
    """R10: a wall that comes between the second look at the facts and the entry has to wait."""
    looks: list[Record] = []

    def ask(work: Work, _: datetime) -> Asked:
        looks.append(work.records.find(case.record))
        if len(looks) == 1:
            gate.record_recall(parts, ADVISER, f"disclosures/{uuid4()}", case.record)
        else:
            crowd.submit(wall_off, parts, case)
            eventually(lambda: blocked(sas), 2.5)
        return to_open(ADVISER, looks[-1]), Line()

    assert decide_and_commit(parts, ask).allowed
    lines = "select action from entries where record = %s order by idx"
    in_order = [("disclosure:recall",), ("case_note:read",), ("wall:declare",)]
    eventually(lambda: sas.sql(lines, case.record) == in_order, 5)


def test_what_a_process_changed_itself_it_knows(sas: House, parts: Parts, case: Case) -> None:
    """So the decision after a change is made once, not once in vain."""
    opening(parts, case.record)
    wall_off(parts, case)
    asked: list[Record] = []

    def ask(work: Work, _: datetime) -> Asked:
        asked.append(work.records.find(case.record))
        return to_open(ADVISER, asked[-1]), Line()

    assert not decide_and_commit(parts, ask).allowed
    assert len(asked) == 1


def test_a_decision_by_old_facts_is_written_nowhere(sas: House, parts: Parts, case: Case) -> None:
    """Whoever asks once more is told so again, until they have read the facts again."""
    facts = version(sas)
    wall_off(parts, case)
    entry = line()
    for _ in range(2):
        with pytest.raises(FactsChanged):
            parts.group_commit.append(entry, facts)
    assert sas.sql("select 1 from entries where entry_id = %s", entry.entry_id) == []
    assert parts.group_commit.append(entry, version(sas))


def test_reading_changes_no_facts(sas: House, parts: Parts, case: Case) -> None:
    """Or openings would send each other back; a recall does, for collecting rests on it."""
    facts = version(sas)
    opening(parts, case.record)
    assert version(sas) == facts
    gate.record_recall(parts, ADVISER, f"disclosures/{uuid4()}", case.record)
    assert version(sas) == facts + 1


def test_no_fact_changes_unnoticed(sas: House) -> None:
    """Every table of consent's is watched, but for the ledger's own and the plumbing."""
    watched = {
        table
        for (table,) in sas.sql(
            "select tgrelid::regclass::text from pg_trigger"
            " where tgname = 'facts_have_changed' and tgdeferrable and tginitdeferred"
        )
    }
    tables = {
        table for (table,) in sas.sql("select tablename from pg_tables where schemaname = 'public'")
    }
    assert tables - watched == UNWATCHED


def test_nobody_calls_the_watch_by_hand(sas: House) -> None:
    """It has its owner's rights, so that who may add a fact need not touch the ledger."""
    assert sas.sql(
        "select role, has_function_privilege(role, 'facts_have_changed()', 'execute')"
        " from unnest(array['consent_serve', 'consent_work']) as role"
    ) == [("consent_serve", False), ("consent_work", False)]
    assert not sas.sql("select has_table_privilege('consent_work', 'frontier', 'update')")[0][0]


def test_several_processes_share_one_ledger(sas: House, crowd: ThreadPoolExecutor) -> None:
    """Replicas of consent, and transactions that change facts, meet at the frontier."""
    with sas.parts(lambda: datetime.now(UTC)) as one, sas.parts(lambda: datetime.now(UTC)) as two:
        ways = (
            lambda: together(one.group_commit, one.new_reads, line()),
            lambda: together(two.group_commit, two.new_reads, line()),
            lambda: by_itself(one.new_work),
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


def wall_off(parts: Parts, case: Case) -> None:
    """Let the adviser declare a conflict of interest."""
    walls.declare_wall(parts, ADVISER, staff_member="", record=case.record, request_id=str(uuid4()))


def to_open(who: Who, record: Record) -> Question:
    """Ask whether a note of the record may be read."""
    return questions.to_open(who, "case_note:read", record, "advice", frozenset(), "cases", None)


def version(sas: House) -> int:
    """Give the version of the facts."""
    return int(sas.sql("select facts from frontier")[0][0])


def wait_until_queued(group: GroupCommit, count: int) -> None:
    """Wait until *count* callers wait for the next batch."""
    eventually(lambda: len(group.waiting) == count, 2.5)


def end(sas: House, processes: Sequence[int]) -> None:
    """End connections from the database's side."""
    assert processes
    for pid in processes:
        sas.sql("select pg_terminate_backend(%s)", pid)
