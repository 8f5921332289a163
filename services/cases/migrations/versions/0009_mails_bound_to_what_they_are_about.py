"""
Mails that wait are in one table, each sealed for what it is about and for nothing else.

What waited before is bound to nothing, so whoever can change the tables could send it to somebody
else. It does not leave: such a disclosure can be sent again, and such a reply counts as not
delivered. The old places stay until a later release; nobody can put a mail there any more.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
create table mails (
    about text not null,
    kind text not null,
    state text not null,
    script_version text not null,
    leaves_at timestamptz not null,
    expires_at timestamptz not null,
    sealed text,
    primary key (about, kind)
);
create index mails_by_hour on mails (state, leaves_at);

insert into mails (about, kind, state, script_version, leaves_at, expires_at)
    select 'enquiries/' || enquiry_id, 'reply',
           case state when 'sent' then 'sent' when 'not_delivered' then 'not_taken'
               else 'expired' end,
           script_version, leaves_at, leaves_at
    from reply_mails;
update reply_mails set sealed_address = null;
update disclosures
    set state = 'not_sent', version = version + 1, link_hash = null, code_salt = null,
        code_hash = null, waiting_sealed = null, leaves_at = null
    where state = 'waiting';
"""

# `serve` puts a mail, sealed, where `work` finds it, or takes it back; it can't read one.
GRANTS = """
grant insert, delete on mails to cases_serve;
grant select (about, kind, state, leaves_at) on mails to cases_serve;
revoke insert on reply_mails from cases_serve;
revoke update (waiting_sealed, leaves_at) on disclosures from cases_serve;

grant select, delete, update (state, leaves_at, sealed) on mails to cases_work;
revoke all on reply_mails from cases_work;
revoke select (waiting_sealed, leaves_at, code_salt, code_hash),
       update (waiting_sealed, leaves_at) on disclosures from cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(
        """
        grant insert on reply_mails to cases_serve;
        grant select, update (state, leaves_at, tries, sealed_address) on reply_mails
            to cases_work;
        grant update (waiting_sealed, leaves_at) on disclosures to cases_serve;
        grant select (waiting_sealed, leaves_at, code_salt, code_hash),
              update (waiting_sealed, leaves_at) on disclosures to cases_work;
        update disclosures set state = 'recalled'
            where state in ('waiting', 'not_sent', 'not_taken');
        drop table mails;
        """
    )
