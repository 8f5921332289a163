"""Third parties' questions have a kind and a state, and are answered with the same words (R9)."""

from alembic import op

revision = "0003"
down_revision = "0002"

QUESTIONS = """
alter table enquiries
    add column question text not null default '',
    add column question_state text not null default '',
    add column reply_channel text not null default '';
update enquiries set question_state = 'open' where kind = 'third_party';
create index enquiries_questions on enquiries (question_state, contact_date, id);

create table question_events (
    enquiry_id uuid not null references enquiries (id),
    state text not null,
    staff_member text not null,
    script_version text not null,
    at timestamptz not null,
    primary key (enquiry_id, state)
);

create table reply_mails (
    enquiry_id uuid primary key references enquiries (id),
    state text not null,
    script_version text not null,
    leaves_at timestamptz not null,
    tries integer not null,
    sealed_address text
);
create index reply_mails_waiting on reply_mails (state, leaves_at);
"""

# `serve` puts a mail, sealed, where `work` finds it; `work` sends it and wipes the address.
GRANTS = """
grant update (question_state, reply_channel) on enquiries to cases_serve;
grant select, insert on question_events to cases_serve;
grant insert on reply_mails to cases_serve;
grant select (enquiry_id, state, script_version, leaves_at) on reply_mails to cases_serve;

grant select on reply_mails to cases_work;
grant update (state, leaves_at, tries, sealed_address) on reply_mails to cases_work;
"""


def upgrade() -> None:
    op.execute(QUESTIONS)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table reply_mails, question_events")
    op.execute(
        "alter table enquiries drop column question, drop column question_state,"
        " drop column reply_channel"
    )
