"""Disclosures can be recalled, their mails can wait, and each pass of the gate is used once."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
alter table disclosures
    add column waiting_sealed text,
    add column leaves_at timestamptz;
create index disclosures_waiting on disclosures (leaves_at) where leaves_at is not null;

create table passes_used (
    decision text primary key,
    at timestamptz not null
);
"""

# `serve` puts mails, sealed, where `work` finds them; `work` sends them. A used pass stays used:
# `serve` can't take it back.
GRANTS = """
grant update (waiting_sealed, leaves_at) on disclosures to cases_serve;
grant select, insert on passes_used to cases_serve;

grant select (waiting_sealed, leaves_at, link_hash, code_salt, code_hash),
      update (waiting_sealed, leaves_at) on disclosures to cases_work;
grant select (at), delete on passes_used to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(
        """
        drop table passes_used;
        drop index disclosures_waiting;
        update disclosures set state = 'proposed' where state in ('waiting', 'recalled');
        alter table disclosures drop column waiting_sealed, drop column leaves_at;
        """
    )
