"""Breaches: whose safety, how the student was spoken to first, and addenda after the decision."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
alter table breaches
    add column whose_safety text not null default '',
    add column student_first jsonb not null default '{}';

create table breach_addenda (
    breach_id uuid not null references breaches (id),
    id uuid not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea,
    salt bytea,
    words_digest bytea,
    number integer,
    digest bytea,
    primary key (breach_id, id),
    constraint breach_addenda_in_order unique (breach_id, number)
);
"""

GRANTS = """
grant update (whose_safety, student_first) on breaches to cases_serve;
grant select, insert, update (number, digest) on breach_addenda to cases_serve;
grant update (whose_safety, student_first) on breaches to cases_work;
grant select (breach_id), update (wrapped_key, sealed, salt, words_digest, digest)
    on breach_addenda to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table breach_addenda")
    op.execute("alter table breaches drop column whose_safety, drop column student_first")
