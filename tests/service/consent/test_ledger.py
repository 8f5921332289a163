"""The ledger in its database: who may write it, what an operator finds, what students see."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import attrs
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from google.protobuf.timestamp_pb2 import Timestamp
from sas.consent.v1 import ledger_pb2
from sqlalchemy import URL, Engine

from common.errors import NotAvailable, SecondFactorNeeded
from common.migrate import downgrade, upgrade
from deploy.state import CHECKOUT
from services.consent.actions.checking import check_ledger
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.note import VerifierKey
from services.consent.storage.tables import metadata
from tests.kit.house import eventually
from tests.service.consent.deeds import Case, accesses
from tests.service.consent.house import House, staff, student

MIGRATIONS = "services.consent.migrations"
HISTORY = (
    "entries",
    "tiles",
    "checkpoints",
    "cosignatures",
    "records",
    "disposals",
    "walls",
    "wall_lifts",
    "consents",
    "consent_events",
    "breach_facts",
    "advice_requests",
    "advice_answers",
    "breach_decisions",
    "breach_reviews",
    "embargo_reviews",
    "embargo_lifts",
)


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("role", ["consent_serve", "consent_work"])
def test_no_process_can_change_history(sas: House, role: str, table: str) -> None:
    column = sas.sql(
        "select column_name from information_schema.columns where table_name = %s"
        " and is_identity = 'NO' limit 1",
        table,
    )[0][0]
    for statement in (
        f"update {table} set {column} = {column}",  # noqa: S608  # names from this file
        f"delete from {table}",  # noqa: S608
        f"truncate {table}",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sas.sql_as(role, statement)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("consent_work", "insert into entries (idx) values (0)"),
        ("consent_work", "update frontier set size = 0"),
        ("consent_work", "insert into consents (consent) values ('x')"),
        ("consent_work", "select * from breach_facts"),
        ("consent_serve", "insert into tiles values (0, 0, '')"),
        ("consent_serve", "insert into disposals values ('records/x', now())"),
        ("consent_serve", "insert into frontier values (true, 0, '')"),
        ("consent_serve", "update frontier set only_one = true"),
        ("consent_serve", "delete from frontier"),
        ("consent_serve", "insert into cosignatures values ('x', 1, now(), '')"),
        ("consent_serve", "update witnesses set size = 0"),
        ("consent_work", "delete from witnesses"),
    ],
)
def test_each_process_writes_only_what_it_must(sas: House, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as(role, statement)


def test_the_migrations_lead_to_the_tables_and_back(sas: House) -> None:
    with sas.another_database() as (engine, _):
        upgrade(engine, "consent_owner", MIGRATIONS)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            found = [
                each
                for each in compare_metadata(context, metadata)
                if each[0] in ("add_table", "add_column", "remove_column") or isinstance(each, list)
            ]
        assert found == []
        downgrade(engine, "consent_owner", MIGRATIONS)
        upgrade(engine, "consent_owner", MIGRATIONS)


def test_many_at_once_leave_no_gap(sas: House, case: Case) -> None:
    items = [case.item() for _ in range(4)]
    indexes: list[int] = []

    def read() -> None:
        for item in items:
            indexes.append(case.opened(staff(), item).ledger_index)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(indexes) == len(set(indexes)) == 24
    size, highest = sas.sql("select count(*), max(idx) + 1 from entries")[0]
    assert size == highest


def test_the_worker_signs_checkpoints_by_itself(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())
    size = sas.sql("select size from frontier")[0][0]
    eventually(lambda: sas.sql("select 1 from checkpoints where size >= %s", size))


def test_verifiers_read_everything_and_others_nothing(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())
    request = ledger_pb2.ListLedgerEntriesRequest(page_size=10)
    page = sas.call(staff("trustee"), sas.gateway.ledger.ListLedgerEntries, request)
    assert [each.index for each in page.entries] == list(range(10))
    assert all(leaf_hash(each.entry) == each.leaf_hash for each in page.entries)
    nobody = staff(permissions=frozenset())
    for who in (student(), nobody):
        with pytest.raises(NotAvailable):
            sas.call(who, sas.gateway.ledger.ListLedgerEntries, request)
    with pytest.raises(SecondFactorNeeded):
        sas.call(staff(second_factor=False), sas.gateway.ledger.ListLedgerEntries, request)
    missing = ledger_pb2.GetProofRequest(index=10**9)
    with pytest.raises(NotAvailable):
        sas.call(staff(), sas.gateway.ledger.GetProof, missing)


def test_no_entry_holds_whom_it_is_about(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())
    (entry,) = sas.sql("select entry from entries where record = %s", case.record)[0]
    assert case.student.name.encode() not in bytes(entry)


# Who has seen my record


def test_a_student_sees_who_has_seen_their_record(sas: House, case: Case) -> None:
    who = staff("manager")
    case.opened(who, case.item())
    with pytest.raises(NotAvailable):
        case.opened(staff("operator"), case.item())
    with pytest.raises(NotAvailable):
        case.opened(student(), case.item())
    seen = accesses(sas, case.student)
    assert [(each.role, each.action, each.purpose, each.allowed) for each in seen] == [
        ("operator", "case_note:read", "advice", False),
        ("manager", "case_note:read", "advice", True),
    ]
    assert who.name not in str(seen)
    assert sas.last_entry(action="access_list:read", actor=case.student.name)["effect"] == "allow"


def test_a_student_sees_nobody_elses_lines_and_staff_none(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())
    assert accesses(sas, student()) == []
    with pytest.raises(NotAvailable):
        accesses(sas, staff())


def test_the_list_comes_in_pages(sas: House, case: Case) -> None:
    item = case.item()
    for _ in range(5):
        case.opened(staff(), item)
    expected = [each.time for each in accesses(sas, case.student)]
    found, token = list[Timestamp](), ""
    while True:
        request = ledger_pb2.ListAccessesRequest(page_size=2, page_token=token)
        page = sas.call(case.student, sas.gateway.ledger.ListAccesses, request)
        found += [each.time for each in page.accesses]
        token = page.next_page_token
        if not token:
            break
    assert len(expected) == 5
    assert found == expected
    assert found == sorted(found, key=Timestamp.ToNanoseconds, reverse=True)


# The operator's check, on a copy that somebody with all rights has changed


@attrs.frozen
class Copy:
    """A copy of the ledger's tables in a database of its own."""

    sas: House
    engine: Engine
    database: str
    folder: Path
    key: VerifierKey
    size: int

    def change(self, *statements: str) -> None:
        """Change it as the superuser."""
        for statement in statements:
            self.sas.sql(statement, database=self.database)

    def found(self, *kept: str) -> list[str]:
        """Say what is wrong."""
        return [str(each) for each in check_ledger(self.engine, self.key, kept)]

    def run(self, *kept: Path) -> subprocess.CompletedProcess[str]:
        """Run the operator's command."""
        with self.sas.servers.connect(self.database) as connection:
            known = connection.info
            url = URL.create(
                "postgresql+psycopg",
                known.user,
                known.password,
                database=self.database,
                query={"host": known.host, "port": str(known.port)},
            )
        (self.folder / "url").write_text(url.render_as_string(hide_password=False))
        (self.folder / "vkey").write_text(f"{self.key}\n")
        command = [sys.executable, "-m", "services.consent", "fsck"]
        command += ["--database-url-file", str(self.folder / "url")]
        command += ["--vkey-file", str(self.folder / "vkey")]
        for each in kept:
            command += ["--kept", str(each)]
        return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(sas: House, case: Case, tmp_path: Path) -> Iterator[Copy]:
    for _ in range(12):
        case.opened(staff(), case.item())
    verifier = staff("trustee")
    request = ledger_pb2.GetCheckpointRequest()
    signed = sas.call(verifier, sas.gateway.ledger.GetCheckpoint, request)
    key = VerifierKey.parse(signed.public_key)
    with sas.another_database() as (engine, database):
        upgrade(engine, "consent_owner", MIGRATIONS)
        with (
            sas.connect() as living,
            sas.servers.connect(database) as copied,
        ):
            copied.execute("delete from frontier")
            # One snapshot: the worker may sign meanwhile.
            living.execute("begin isolation level repeatable read")
            for table in ("entries", "frontier", "tiles", "checkpoints"):
                with (
                    living.cursor().copy(f"copy {table} to stdout (format binary)") as out,
                    copied.cursor().copy(f"copy {table} from stdin (format binary)") as into,
                ):
                    for block in out:
                        into.write(block)
            living.execute("rollback")
            copied.execute("grant select on all tables in schema public to public")
        size = sas.sql("select size from frontier", database=database)[0][0]
        yield Copy(sas, engine, database, tmp_path, key, size)


def test_an_honest_copy_has_nothing_wrong(copy: Copy) -> None:
    assert copy.found() == []
    done = copy.run()
    assert (done.returncode, done.stdout) == (0, "nothing is wrong\n"), done.stderr


def test_the_operators_command_names_the_changed_entry(copy: Copy) -> None:
    place = copy.size - 3
    copy.change(f"update entries set entry = entry || ' ' where idx = {place}")  # noqa: S608
    done = copy.run()
    assert done.returncode == 1
    assert f"entry {place}: entry_does_not_match_its_leaf_hash" in done.stdout


def test_a_deleted_entry_is_named(copy: Copy) -> None:
    place = copy.size - 3
    copy.change(f"delete from entries where idx = {place}")  # noqa: S608
    assert copy.found() == [f"entry {place}: entry_is_missing"]


def test_an_entry_put_in_is_named(copy: Copy) -> None:
    copied = "entry, leaf_hash, gen_random_uuid(), at, action, effect, actor, role, purpose"
    copied += ", record, student, disclosure, breach"
    last = f"from entries where idx = {copy.size - 1}"
    copy.change(f"insert into entries select idx + 1, {copied} {last}")
    assert f"entry {copy.size}: entry_was_put_in_beyond_the_frontier" in copy.found()


def test_entries_that_changed_places_are_named(copy: Copy) -> None:
    one, two, aside = copy.size - 4, copy.size - 2, copy.size + 9
    for here, there in ((one, aside), (two, one), (aside, two)):
        copy.change(f"update entries set idx = {there} where idx = {here}")  # noqa: S608
    found = copy.found()
    for place in (one, two):
        assert f"entry {place}: entry_was_committed_at_another_place" in found


def test_a_line_hidden_from_a_student_is_named(copy: Copy) -> None:
    place = copy.size - 2
    copy.change(f"update entries set student = '' where idx = {place}")  # noqa: S608
    assert copy.found() == [f"entry {place}: columns_do_not_match_the_entry"]


def test_a_cut_that_the_database_hides_is_shown_by_a_receipt(copy: Copy, sas: House) -> None:
    """A ledger rolled back to an old backup is whole in itself; a receipt kept elsewhere tells."""
    request = ledger_pb2.GetProofRequest(index=copy.size - 1)
    kept = copy.folder / "receipt.tlog-proof"
    kept.write_text(sas.call(staff("trustee"), sas.gateway.ledger.GetProof, request).proof)
    signed = sas.sql(
        "select size, note from checkpoints where size < %s order by size desc limit 1", copy.size
    )
    size = signed[0][0]
    assert Checkpoint.open(signed[0][1], copy.key).size == size
    copy.change(
        f"delete from entries where idx >= {size}",  # noqa: S608
        f"delete from checkpoints where size > {size}",  # noqa: S608
    )
    frontier = Frontier()
    for (leaf,) in sas.sql("select leaf_hash from entries order by idx", database=copy.database):
        frontier = frontier.append(bytes(leaf))
    sas.sql(
        "update frontier set size = %s, peaks = %s",
        frontier.size,
        frontier.to_bytes(),
        database=copy.database,
    )
    assert copy.run().returncode == 0
    done = copy.run(kept)
    assert done.returncode == 1
    assert "ledger_was_cut_below_a_checkpoint" in done.stdout


def test_the_operators_command_quotes_no_address(copy: Copy) -> None:
    (copy.folder / "url").write_text(f"postgresql+psycopg://u:secret-{uuid4()}@127.0.0.1:1/x")
    (copy.folder / "vkey").write_text(str(copy.key))
    command = [sys.executable, "-m", "services.consent", "fsck"]
    command += ["--database-url-file", str(copy.folder / "url")]
    command += ["--vkey-file", str(copy.folder / "vkey")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "secret" not in done.stdout + done.stderr
