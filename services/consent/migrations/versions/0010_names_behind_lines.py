"""Requests for the name behind a line: made, commented on, decided. Only added to."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
create table name_requests (
    name_request text primary key,
    record text not null,
    line uuid not null,
    student text not null,
    asked_at timestamptz not null,
    due_at timestamptz not null,
    words_digest text not null,
    ledger_index bigint not null
);
create index name_requests_student on name_requests (student, asked_at desc);
create index name_requests_line on name_requests (line);

create table name_views (
    position bigint generated always as identity primary key,
    name_request text not null references name_requests (name_request),
    view text not null check (view in ('agrees', 'objects', 'leaves_it')),
    about text not null,
    given_at timestamptz not null,
    words_digest text not null,
    ledger_index bigint not null
);
create index name_views_name_request on name_views (name_request, position);

create table name_decisions (
    name_request text primary key references name_requests (name_request),
    released boolean not null,
    grounds text[] not null,
    not_heard text not null,
    about text not null,
    decided_by text not null,
    decided_at timestamptz not null,
    words_digest text not null,
    ledger_index bigint not null
);
"""

# Other decisions rest on them (0007).
TRIGGERS = "".join(
    f"""
create constraint trigger facts_have_changed after insert or update or delete on {table}
    deferrable initially deferred for each row execute function facts_have_changed();
"""
    for table in ("name_requests", "name_views", "name_decisions")
)

# `work` counts what is overdue; it sees no student, no line and no answer.
GRANTS = """
grant select, insert on name_requests, name_views, name_decisions to consent_serve;
grant select (name_request, due_at) on name_requests to consent_work;
grant select (name_request) on name_decisions to consent_work;
"""


def upgrade() -> None:
    for statements in (TABLES, TRIGGERS, GRANTS):
        op.execute(statements)


def downgrade() -> None:
    op.execute("drop table name_decisions, name_views, name_requests")
