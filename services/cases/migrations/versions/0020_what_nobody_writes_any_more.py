"""
What the version before last wrote and nobody reads is gone: old mails that waited, counted tries.

Nothing is lost with it: 0008 took the tries over into `link_tries`, 0009 the mails into `mails` and
emptied their old places, and since then nobody may write there.
"""

from alembic import op

from common.hidden_rows import hide_rows_1

revision = "0020"
down_revision = "0019"

GONE = """
drop table reply_mails;
drop index disclosures_waiting;
alter table disclosures
    drop column waiting_sealed, drop column leaves_at, drop column tries_left;
"""

# As 0020 left them, and empty.
BACK = """
create table reply_mails (
    enquiry_id uuid primary key references enquiries (id),
    state text not null,
    script_version text not null,
    leaves_at timestamptz not null,
    tries integer not null,
    sealed_address text
);
create index reply_mails_waiting on reply_mails (state, leaves_at);
grant select (enquiry_id, state, script_version, leaves_at) on reply_mails to cases_serve;
alter table disclosures
    add column waiting_sealed text,
    add column leaves_at timestamptz,
    add column tries_left integer not null default 0;
create index disclosures_waiting on disclosures (leaves_at) where leaves_at is not null;
grant update (tries_left) on disclosures to cases_serve, cases_work;
"""


def upgrade() -> None:
    op.execute(GONE)


def downgrade() -> None:
    op.execute(BACK)
    hide_rows_1(op.execute, "cases", "reply_mails", "enquiry_id")
