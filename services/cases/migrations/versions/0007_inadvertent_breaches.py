"""The register of inadvertent breaches: what happened, and what was decided. Only added to."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
create table incidents (
    id uuid primary key,
    case_id uuid not null references cases (id),
    kind text not null,
    what text not null,
    known_at timestamptz not null,
    decider text not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea
);
create index incidents_newest on incidents (known_at, id);
create index incidents_case on incidents (case_id);

create table incident_decisions (
    incident_id uuid primary key references incidents (id),
    outcome text not null,
    decided_by text not null,
    decided_at timestamptz not null,
    wrapped_key text,
    sealed bytea
);
"""

GRANTS = """
grant select, insert on incidents, incident_decisions to cases_serve;
grant select (id, case_id), update (wrapped_key, sealed) on incidents to cases_work;
grant select (incident_id), update (wrapped_key, sealed) on incident_decisions to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table incident_decisions, incidents")
