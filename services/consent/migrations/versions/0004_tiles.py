"""
Tiles of the ledger, for proofs that don't read all of it.

The worker writes them, and nobody may change one: a full tile is final.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TILES = """
create table tiles (
    level smallint not null check (level >= 0),
    number bigint not null check (number >= 0),
    hashes bytea not null check (octet_length(hashes) = 8192),
    primary key (level, number)
);
"""

GRANTS = """
grant select on tiles to consent_serve;
grant select, insert on tiles to consent_work;
"""


def upgrade() -> None:
    op.execute(TILES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table tiles")
