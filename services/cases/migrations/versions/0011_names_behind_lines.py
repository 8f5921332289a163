"""Requests for the name behind a line of a student's list: the words around them. Only added to."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
create table name_requests (
    id uuid primary key,
    student text not null,
    about_record text,
    created_at timestamptz not null
);
create index name_requests_about_record on name_requests (about_record);

create table name_request_words (
    name_request_id uuid not null references name_requests (id),
    part text not null check (part in ('nameRequests', 'nameViews', 'nameDecisions')),
    id uuid not null,
    author text not null,
    said_at timestamptz not null,
    counts boolean not null,
    wrapped_key text,
    sealed bytea,
    salt bytea,
    digest text,
    primary key (name_request_id, part, id)
);
"""

GRANTS = """
grant select, insert, update (about_record) on name_requests to cases_serve;
grant select, insert, update (counts) on name_request_words to cases_serve;
grant select (name_request_id), update (wrapped_key, sealed, salt, digest) on name_request_words
    to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table name_request_words, name_requests")
