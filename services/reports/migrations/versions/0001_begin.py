"""The first tables of reports."""

from alembic import op

from common.outbox import create_tables_1
from common.requests import create_requests_1

revision = "0001"
down_revision = None

TABLES = """
create table case_facts (
    position bigint generated always as identity primary key,
    record text not null,
    pseudonym text not null,
    cohort integer not null,
    sealed text not null
);
create index case_facts_record on case_facts (record);
create index case_facts_pseudonym on case_facts (pseudonym);

create table student_facts (
    pseudonym text primary key,
    cohort integer not null,
    sealed text not null
);

create table disposed_records (
    record text primary key,
    disposed_at timestamptz not null default now()
);

create table cubes (
    table_code text not null,
    first_year integer not null,
    last_year integer not null,
    cells jsonb not null,
    frozen_at timestamptz not null,
    primary key (table_code, first_year, last_year)
);

create table reports (
    id uuid primary key,
    table_code text not null,
    first_year integer not null,
    last_year integer not null,
    purpose text not null,
    unit text not null,
    smallest_published integer not null,
    rounding_base integer not null,
    column_codes text[] not null,
    rows jsonb not null,
    ledger_index bigint not null,
    frozen_at timestamptz not null,
    unique (table_code, first_year, last_year, purpose),
    foreign key (table_code, first_year, last_year) references cubes
);
create index reports_newest on reports (frozen_at, id);
"""

# `serve` reads facts and can't change any. What is frozen, nobody can change.
SERVE = """
grant select on case_facts, student_facts to reports_serve;
grant select, insert on cubes, reports to reports_serve;
"""

# `work` never sees a sealed fact again: it adds and deletes by record and pseudonym.
WORK = """
grant select (record, pseudonym), insert, delete on case_facts to reports_work;
grant select (pseudonym), insert, update, delete on student_facts to reports_work;
grant select, insert on disposed_records to reports_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(SERVE)
    op.execute(WORK)
    create_tables_1(op.execute, "reports")
    create_requests_1(op.execute, "reports")


def downgrade() -> None:
    op.execute(
        "drop table requests, inbox, outbox, reports, cubes, disposed_records, student_facts,"
        " case_facts"
    )
