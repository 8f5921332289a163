"""
The facts get a version, so that whoever decides by them finds out whether they have changed.

It stands in the frontier's row, where every entry has to pass. A trigger moves it for each table
that a decision may rest on, at the end of the transaction; so nothing can change unnoticed, and the
row is locked last. A new table of facts needs the trigger too; a test looks for it.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

FACTS = (
    "records",
    "disposals",
    "walls",
    "wall_lifts",
    "consents",
    "consent_events",
    "breach_facts",
    "advice_requests",
    "advice_answers",
    "breach_decisions",
    "breach_reviews",
    "embargo_reviews",
    "embargo_lifts",
)

# The trigger's rights are its owner's: who may add a fact need not be able to touch the ledger.
VERSION = """
alter table frontier add column facts bigint not null default 0;
grant update (facts) on frontier to consent_serve;

create function facts_have_changed() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update public.frontier set facts = facts + 1;
    return null;
end
$$;
revoke all on function facts_have_changed() from public;
"""

TRIGGER = """
create constraint trigger facts_have_changed after insert or update or delete on {table}
    deferrable initially deferred for each row execute function facts_have_changed();
"""


def upgrade() -> None:
    op.execute(VERSION)
    for table in FACTS:
        op.execute(TRIGGER.format(table=table))


def downgrade() -> None:
    for table in FACTS:
        op.execute(f"drop trigger facts_have_changed on {table}")
    op.execute("drop function facts_have_changed; alter table frontier drop column facts")
