"""The ledger when its database dies in mid-commit, or its disk is full. The server is its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import attrs
import pytest
from sqlalchemy import Engine, text

from common.db import Database, transaction
from common.errors import TryAgain
from common.migrate import upgrade
from services.consent.domain.facts import Record
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.fsck import fsck
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.health import Lack, judge
from services.consent.domain.ledger.note import VerifierKey
from services.consent.storage.group_commit import GroupCommit
from services.consent.storage.ledger import Appended
from services.consent.storage.ledger_health import standing
from services.consent.storage.work import Work
from tests.kit.servers.local import Local
from tests.kit.servers.session import Servers
from tests.kit.servers.values import POSTGRES
from tests.service.consent.writing import by_itself, line, together
from tests.service.database.databases import Databases

pytestmark = pytest.mark.local_lane_only("kills the server")

STOPS, WRITERS = 20, 4
KEY = VerifierKey("sas.test/ledger", b"\1" * 32)


@pytest.fixture(scope="module")
def databases(local: Local) -> Databases:
    """A server of this file's own, with consent's tables."""
    made = Databases(Servers(local))
    owner = Database(made.settings("consent", "migrate"), made)
    upgrade(owner.engine, "consent_owner", "services.consent.migrations")
    owner.close()
    return made


class Replica(NamedTuple):
    """One process of consent, as far as it appends."""

    alone: Engine
    together: Callable[[], Appended]
    takes_lines: Callable[[], bool]


@contextmanager
def replica(databases: Databases) -> Iterator[Replica]:
    """Give the two ways to append, alone and together, as one process of consent has them."""
    database = Database(databases.settings("consent", "serve"), databases)
    group = GroupCommit(database.reserved("AUTOCOMMIT"), database.reserved())
    try:
        yield Replica(
            database.engine,
            lambda: together(group, lambda: Work(database.reads), line()),
            group.takes_lines,
        )
    finally:
        database.close()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_no_acknowledged_entry_is_lost_in_twenty_crashes(
    local: Local, databases: Databases
) -> None:
    """Two processes with four writers; the server is stopped at once, twenty times."""
    acknowledged: list[Appended] = []
    refused: list[float] = []
    stop = threading.Event()

    def write(append: Callable[[], Appended]) -> None:
        while not stop.is_set():
            try:
                acknowledged.append(append())
            except TryAgain:
                refused.append(time.monotonic())
                time.sleep(0.01)

    with replica(databases) as one, replica(databases) as other:
        ways = [
            one.together,
            one.together,
            other.together,
            lambda: by_itself(lambda: Work(one.alone)),
        ]
        writers = [threading.Thread(target=write, args=(way,)) for way in ways]
        for writer in writers:
            writer.start()
        try:
            for _ in range(STOPS):
                before = len(acknowledged)
                until = time.monotonic() + 20
                while len(acknowledged) < before + 10 and time.monotonic() < until:
                    time.sleep(0.01)
                assert len(acknowledged) >= before + 10, "nobody could write after a crash"
                local.kill("postgres", signal.SIGQUIT)
                local.begin(POSTGRES)
                local.wait(POSTGRES)
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        with Work(one.alone) as work:
            rows = {row.index: row for row in work.ledger.all_rows()}
            frontier = work.ledger.frontier()
            findings = list(fsck(rows.values(), frontier, [], KEY))
    assert len(writers) == WRITERS
    assert len(refused) >= STOPS
    assert len({each.index for each in acknowledged}) == len(acknowledged) >= 10 * STOPS
    assert all(rows[each.index].entry == each.entry for each in acknowledged)
    assert list(rows) == list(range(frontier.size))
    whole = Frontier()
    for row in rows.values():
        whole = whole.append(leaf_hash(row.entry))
    assert whole == frontier
    assert findings == []


@pytest.fixture
def tiny_disk(tmp_path: Path, databases: Databases) -> Iterator[Path]:
    """Give a disk of 2 MiB that the server may write to."""
    place = Path("/tmp") / f"sas-disk-{os.getpid()}"  # noqa: S108  # short, and passable for all
    place.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode != 0:
        place.rmdir()
        pytest.skip("nobody may mount a disk here")
    try:
        with databases.connect("consent") as connection:
            row = connection.execute("show data_directory").fetchone()
        assert row is not None
        data = Path(row[0])
        table = place / "ledger"
        table.mkdir(mode=0o700)
        shutil.chown(table, data.stat().st_uid, data.stat().st_gid)
        yield table
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
        place.rmdir()


def test_when_the_ledgers_disk_is_full_nothing_is_opened_and_writing_goes_on(
    databases: Databases, tiny_disk: Path
) -> None:
    """A decision that can't be written down is none; what needs no decision is not stopped."""
    with databases.connect("consent") as owner, replica(databases) as (engine, append, takes_lines):
        owner.execute(f"create tablespace tiny location '{tiny_disk}'")
        owner.execute("alter table entries set tablespace tiny")
        size = 0
        try:
            for _ in range(5000):
                size = append().index + 1
        except TryAgain:
            pass
        else:
            raise AssertionError("the disk was never full")
        with pytest.raises(TryAgain):
            by_itself(lambda: Work(engine))
        with Work(engine) as work:
            assert work.ledger.frontier().size == size
            health = judge(
                attrs.evolve(standing(work.connection), takes_lines=takes_lines()),
                datetime.now(UTC),
            )
            assert Lack.ROOM in {each.lack for each in health.troubles}
            assert (health.opening, health.writing) == (False, True)
            work.records.register(Record("records/x", "case", "students/x"), datetime.now(UTC))
            work.commit()
        owner.execute("alter table entries set tablespace pg_default")
        owner.execute("drop tablespace tiny")
        assert takes_lines()  # though nobody has tried since
        assert append().index == size
        with transaction(engine) as connection:
            assert connection.scalar(text("select count(*) from entries")) == size + 1
