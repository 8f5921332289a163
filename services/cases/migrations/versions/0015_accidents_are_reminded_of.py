"""Of which accidents somebody was reminded; `work` reads whose decision waits since when."""

from alembic import op

revision = "0015"
down_revision = "0014"

TABLE = """
create table incident_reminders (
    incident_id uuid not null references incidents (id),
    which text not null check (which in ('soon', 'overdue')),
    reminded_at timestamptz not null,
    primary key (incident_id, which)
);
"""

GRANTS = """
grant select, insert on incident_reminders to cases_work;
grant select (kind, known_at, decider) on incidents to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("revoke select (kind, known_at, decider) on incidents from cases_work")
    op.execute("drop table incident_reminders")
