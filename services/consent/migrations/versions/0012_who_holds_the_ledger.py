"""
Whoever changes facts holds the ledger's end first, `work` too, which may not write there.

A row can be locked only by who may change it; so holding it is a function, and no right.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

FUNCTION = """
create function hold_ledger(out size bigint, out peaks bytea, out facts bigint)
    language sql security definer set search_path = pg_catalog, public as $$
    select size, peaks, facts from public.frontier for update
$$;
revoke all on function hold_ledger() from public;
grant execute on function hold_ledger() to consent_serve, consent_work;
"""


def upgrade() -> None:
    op.execute(FUNCTION)


def downgrade() -> None:
    op.execute("drop function hold_ledger")
