"""The database, on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta
from pathlib import Path

import attrs
import certifi
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, exc, text

from common import db, migrate
from common.db import Database, Logins, UnitOfWork, etag, transaction
from common.errors import RequestIdReused, TryAgain
from common.requests import earlier_result, forget_requests, remember_request, requests_table
from tests.service.database.databases import Databases
from tests.service.database.things import PACKAGE, add, new_name, things

WORDS = "Jane Doe has not slept"


def test_what_is_committed_lasts(database: Database) -> None:
    name = new_name()
    with UnitOfWork(database.engine) as work:
        add(work, name)
        work.commit()
    assert name in things(database)


def test_what_is_not_committed_never_was(database: Database) -> None:
    forgotten, failed = new_name(), new_name()
    with UnitOfWork(database.engine) as work:
        add(work, forgotten)
    with contextlib.suppress(ValueError), UnitOfWork(database.engine) as work:
        add(work, failed)
        raise ValueError
    assert not {forgotten, failed} & things(database)


def test_a_transaction_commits_at_its_end_only(database: Database) -> None:
    name = new_name()
    with transaction(database.engine) as connection:
        connection.execute(text("insert into things values (:name)"), {"name": name})
        assert name not in things(database)
    assert name in things(database)


def test_what_can_not_begin_keeps_no_connection(database: Database) -> None:
    class Impossible(UnitOfWork):
        def _begin(self) -> None:
            self.connection.execute(text("set local statement_timeout = 50"))
            self.connection.execute(text("select pg_sleep(1)"))

    for _ in range(db.POOL + 1):
        with pytest.raises(TryAgain), Impossible(database.engine):
            pass
    assert things(database) is not None


def test_the_process_logs_in_as_vault_says_and_over_tls(database: Database) -> None:
    with UnitOfWork(database.reads) as work:
        user = work.connection.execute(text("select current_user")).scalar_one()
        tls = work.connection.execute(
            text("select version from pg_stat_ssl where pid = pg_backend_pid()")
        ).scalar_one()
    assert user.startswith("v-cases-serve-")
    assert tls == "TLSv1.3"


def test_a_broken_rule_of_a_table_is_left_to_the_action(database: Database) -> None:
    with UnitOfWork(database.engine) as work:
        add(work, WORDS)
        with pytest.raises(exc.IntegrityError) as caught:
            add(work, WORDS)
    # PostgreSQL's own text is still in it; logs and interceptors keep no exception's text.
    assert "[SQL parameters hidden" in str(caught.value)


def test_what_takes_too_long_is_try_again(database: Database) -> None:
    with UnitOfWork(database.engine) as work:
        work.connection.execute(text("set local statement_timeout = 50"))
        with pytest.raises(TryAgain):
            work.connection.execute(text("select pg_sleep(5)"))
    assert database.answers()


def test_who_waits_too_long_for_another_tries_again(database: Database) -> None:
    name = new_name()
    with UnitOfWork(database.engine) as first:
        add(first, name)
        with UnitOfWork(database.engine) as second:
            second.connection.execute(text("set local lock_timeout = 50"))
            with pytest.raises(TryAgain):
                add(second, name)


def test_when_all_connections_are_busy_the_next_tries_again(databases: Databases) -> None:
    database = Database(databases.settings("cases", "serve"), databases)
    busy = [UnitOfWork(database.engine).__enter__() for _ in range(db.POOL)]
    began = time.monotonic()
    with pytest.raises(TryAgain):
        UnitOfWork(database.engine).__enter__()
    assert time.monotonic() - began == pytest.approx(db.POOL_TIMEOUT_SECONDS, abs=2)
    for each in busy:
        each.__exit__(None, None, None)
    assert database.answers()
    database.close()


def test_a_server_with_another_certificate_is_not_believed(databases: Databases) -> None:
    everybody = Path(certifi.where())
    settings = attrs.evolve(databases.settings("cases", "serve"), ca_file=everybody)
    with pytest.raises(TryAgain):
        things(Database(settings, databases))


def test_a_new_login_takes_the_place_of_the_old_one_in_time(databases: Databases) -> None:
    databases.seconds = 1
    database = Database(databases.settings("cases", "serve"), databases)
    users = set()
    ends = time.monotonic() + 1.3
    while time.monotonic() < ends:
        with UnitOfWork(database.reads) as work:
            users.add(work.connection.execute(text("select current_user")).scalar_one())
        time.sleep(0.05)
    databases.seconds = 3600
    database.close()
    assert len(users) >= 2


def test_without_vault_a_login_serves_until_its_end(databases: Databases) -> None:
    now = [0.0]
    logins = Logins(databases, "cases-serve", lambda: now[0])
    first = logins.current()
    now[0] = 3600 * 0.4
    assert logins.current() is first
    databases.away = True
    now[0] = 3600 * 0.8
    assert logins.current() is first
    now[0] = 3600 * 0.95
    with pytest.raises(TryAgain):
        logins.current()
    databases.away = False
    assert logins.current().user != first.user


# Repeated calls


def test_a_repeated_call_gives_what_the_first_one_made(database: Database) -> None:
    call = new_name()
    with UnitOfWork(database.engine) as work:
        assert earlier_result(work.connection, call, "staffMembers/1", "OpenCase") is None
        remember_request(work.connection, call, "staffMembers/1", "OpenCase", "cases/1")
        work.commit()
    with UnitOfWork(database.engine) as work:
        assert earlier_result(work.connection, call, "staffMembers/1", "OpenCase") == "cases/1"


@pytest.mark.parametrize(
    ("person", "method"), [("staffMembers/2", "OpenCase"), ("staffMembers/1", "WriteCaseNote")]
)
def test_a_request_id_is_good_for_one_call_of_one_person(
    database: Database, person: str, method: str
) -> None:
    call = new_name()
    with UnitOfWork(database.engine) as work:
        remember_request(work.connection, call, "staffMembers/1", "OpenCase", "cases/1")
        with pytest.raises(RequestIdReused):
            earlier_result(work.connection, call, person, method)


def test_the_same_call_twice_at_once_is_done_once(database: Database) -> None:
    call, outcomes = new_name(), []
    ready = threading.Barrier(2)

    def do() -> None:
        try:
            with UnitOfWork(database.engine) as work:
                earlier_result(work.connection, call, "staffMembers/1", "OpenCase")
                ready.wait()
                remember_request(work.connection, call, "staffMembers/1", "OpenCase", new_name())
                work.commit()
            outcomes.append("done")
        except TryAgain:
            outcomes.append("try again")

    both = [threading.Thread(target=do) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(outcomes) == ["done", "try again"]


def test_calls_are_forgotten_after_a_day(databases: Databases) -> None:
    old, young = new_name(), new_name()
    database = Database(databases.settings("cases", "serve"), databases)
    with transaction(database.engine) as connection:
        for call in (old, young):
            remember_request(connection, call, "staffMembers/1", "OpenCase", "cases/1")
    with databases.connect("cases") as connection_of_root:
        connection_of_root.execute(
            "update requests set created = created - %s where request_id = %s",
            (timedelta(hours=25), old),
        )
    worker = Database(databases.settings("cases", "work"), databases, "psycopg2")
    with transaction(worker.engine) as connection:
        forget_requests(connection)
    with transaction(database.engine) as connection:
        assert earlier_result(connection, old, "staffMembers/1", "OpenCase") is None
        assert earlier_result(connection, young, "staffMembers/1", "OpenCase") == "cases/1"
    worker.close()
    database.close()


# Migrations


def test_tables_belong_to_the_owner_and_are_as_the_code_says(databases: Databases) -> None:
    with databases.connect("cases") as connection:
        owners = connection.execute(
            "select distinct tableowner from pg_tables where schemaname = 'public'"
        ).fetchall()
    assert owners == [("cases_owner",)]
    owner = Database(databases.settings("cases", "migrate"), databases)
    metadata = MetaData()
    requests_table(metadata)
    with transaction(owner.engine) as found:
        context = MigrationContext.configure(found)
        differences = [
            each for each in compare_metadata(context, metadata) if "things" not in str(each)
        ]
    owner.close()
    assert differences == []


def test_migrating_twice_does_nothing_and_the_way_down_leaves_nothing(
    databases: Databases,
) -> None:
    owner = Database(databases.settings("reports", "migrate"), databases)
    with pytest.raises(exc.ProgrammingError):  # its grants name the roles of cases
        migrate.upgrade(owner.engine, "cases_owner", PACKAGE)
    owner.close()
    owner = Database(databases.settings("cases", "migrate"), databases)
    migrate.upgrade(owner.engine, "cases_owner", PACKAGE)
    migrate.downgrade(owner.engine, "cases_owner", PACKAGE)
    with transaction(owner.engine) as connection:
        left = connection.execute(
            text("select tablename from pg_tables where schemaname = 'public'")
        ).scalars()
        assert set(left) == {"alembic_version"}
    migrate.upgrade(owner.engine, "cases_owner", PACKAGE)
    owner.close()


def test_an_etag_changes_with_each_of_its_parts() -> None:
    tags = {etag("cases/1", 1), etag("cases/1", 2), etag("cases/2", 1), etag("cases/12", "")}
    assert len(tags) == 4
    assert etag("cases/1", 1) in tags
