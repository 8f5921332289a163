"""What lies in the tables, and which process may read or change it."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from common.migrate import downgrade, upgrade
from services.reports.storage.tables import metadata
from tests.service.reports.house import House


def test_facts_are_sealed_in_the_tables(sas: House) -> None:
    person = uuid4().hex
    sas.happens(sas.student(1995, person, "peterhouse"), sas.case(1995, person, topic="harassment"))
    for table in ("case_facts", "student_facts", "inbox", "outbox"):
        rows = sas.sql(f"select t::text from {table} t")  # noqa: S608 - constants
        assert not [row for (row,) in rows if "harassment" in row or "peterhouse" in row]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into case_facts (record, pseudonym, cohort, sealed) values ('a', 'b', 1, 'c')",
        "delete from case_facts",
        "update cubes set frozen_at = now()",
        "delete from cubes",
        "update reports set rows = '[]'",
        "delete from reports",
        "delete from disposed_records",
    ],
)
def test_serve_changes_no_fact_and_nothing_that_is_frozen(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("reports_serve", statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select sealed from case_facts",
        "select sealed from student_facts",
        "select * from reports",
        "select * from cubes",
        "insert into cubes values ('a', 1, 1, '[]', now())",
        "delete from disposed_records",
        "delete from inbox",
    ],
)
def test_work_reads_no_fact_and_nothing_that_is_frozen(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("reports_work", statement)


def test_the_migrations_lead_to_the_tables_and_back(sas: House) -> None:
    with sas.another_database() as (engine, _):
        upgrade(engine, "reports_owner", "services.reports.migrations")
        with engine.connect() as connection:
            connection.exec_driver_sql("set role reports_owner")
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, metadata) == []
        downgrade(engine, "reports_owner", "services.reports.migrations")
        upgrade(engine, "reports_owner", "services.reports.migrations")
