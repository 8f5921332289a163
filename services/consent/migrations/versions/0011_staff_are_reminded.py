"""
Of what staff members were reminded; and what `work` reads to know of what, and whom.

It could read every entry of the ledger before, which says all of this and more.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLE = """
create table reminders (
    kind text not null,
    about text not null,
    due_at timestamptz not null,
    which text not null check (which in ('soon', 'overdue')),
    reminded_at timestamptz not null,
    primary key (kind, about, due_at, which)
);
"""

# No recipient, no answer of a colleague, nothing that somebody said.
GRANTS = """
grant select, insert on reminders to consent_work;
grant select on records, walls, wall_lifts to consent_work;
grant select (position, breach, ground, recorded_by, recorded_at) on breach_facts to consent_work;
grant select (breach, reviewed_at) on embargo_reviews to consent_work;
grant select (breach, lifted_at) on embargo_lifts to consent_work;
grant select (line, asked_at) on name_requests to consent_work;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("""
        revoke select on records, walls, wall_lifts from consent_work;
        revoke select (position, breach, ground, recorded_by, recorded_at)
            on breach_facts from consent_work;
        revoke select (breach, reviewed_at) on embargo_reviews from consent_work;
        revoke select (breach, lifted_at) on embargo_lifts from consent_work;
        revoke select (line, asked_at) on name_requests from consent_work;
        drop table reminders;
    """)
