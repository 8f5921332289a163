"""Where staff members are told that something waits for them: sealed by identity, for `work`."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLE = """
create table staff_addresses (
    staff_member text primary key,
    version integer not null,
    sealed text not null,
    ends_at timestamptz not null
);
"""

# `serve` has nothing to do with them.
GRANTS = """
grant select, insert, update on staff_addresses to cases_work;
grant insert on mails to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("revoke insert on mails from cases_work")
    op.execute("delete from mails where kind = 'notice'")
    op.execute("drop table staff_addresses")
