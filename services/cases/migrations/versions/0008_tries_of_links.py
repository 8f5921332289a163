"""Tries of links, also of links that never were: trying either is the same write."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
create table link_tries (
    link_hash bytea primary key,
    tries integer not null,
    first_at timestamptz not null
);
create index link_tries_first on link_tries (first_at);
insert into link_tries
    select link_hash, 5 - tries_left, now() from disclosures where link_hash is not null;
alter table disclosures alter column tries_left set default 0;
"""

# `serve` can't forget that somebody tried; `work` does, an hour after, where no link is left.
GRANTS = """
grant select, insert, update (tries) on link_tries to cases_serve;
grant select (link_hash, first_at), delete on link_tries to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(
        """
        update disclosures set tries_left = coalesce((
            select greatest(5 - tries, 0) from link_tries
            where link_tries.link_hash = disclosures.link_hash
        ), 5) where link_hash is not null;
        alter table disclosures alter column tries_left drop default;
        drop table link_tries;
        """
    )
