"""People whom students name: to be told that they use the Service, or for an emergency."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLE = """
create table contacts (
    id uuid primary key,
    case_id uuid not null references cases (id),
    recipient text not null,
    purpose text not null,
    ends_on date not null,
    consent text not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea,
    payload_salt bytea,
    payload_digest text
);
create index contacts_case on contacts (case_id, created_at, id);
"""

GRANTS = """
grant select, insert, update (consent) on contacts to cases_serve;
grant select (case_id), update (wrapped_key, sealed, payload_salt, payload_digest)
    on contacts to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table contacts")
