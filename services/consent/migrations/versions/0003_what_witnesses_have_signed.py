"""
What witnesses have signed of the ledger, and where each stands.

The lines are history, so nobody may change one. Only the worker asks witnesses; `serve` reads.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

WITNESSES = """
create table cosignatures (
    witness text not null,
    size bigint not null references checkpoints (size),
    cosigned_at timestamptz not null,
    line text not null,
    primary key (witness, size, cosigned_at)
);
create index cosignatures_size on cosignatures (size);

create table witnesses (
    witness text primary key,
    size bigint not null check (size >= 0),
    cosigned_at timestamptz,
    asked_at timestamptz not null,
    heard text not null
        check (heard in ('signed', 'elsewhere', 'silent', 'refused', 'ahead', 'differs'))
);
"""

GRANTS = """
grant select on cosignatures, witnesses to consent_serve;
grant select, insert on cosignatures to consent_work;
grant select, insert, update on witnesses to consent_work;
"""


def upgrade() -> None:
    op.execute(WITNESSES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table cosignatures, witnesses")
