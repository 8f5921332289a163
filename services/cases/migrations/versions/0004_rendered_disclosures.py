"""
Disclosures leave as one file, rendered when they are proposed; and what is hidden in it.

A disclosure that was proposed before has no such file. What was not over yet is ended, so that
nothing leaves that was not rendered; it can be proposed anew.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
alter table disclosures alter column document_id drop not null;
alter table disclosures
    add column items text[] not null default '{}',
    add column content_sealed bytea,
    add column openings integer not null default 0,
    add column first_opened_at timestamptz;
update disclosures set items = array['documents/' || document_id];
update disclosures
    set state = 'ended', version = version + 1, link_hash = null, code_salt = null,
        code_hash = null, tries_left = 0
    where state <> 'ended';

create table redactions (
    id uuid primary key,
    case_id uuid not null references cases (id),
    item text not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea
);
create index redactions_case on redactions (case_id);
"""

SERVE = """
grant update (openings, first_opened_at) on disclosures to cases_serve;
grant select, insert on redactions to cases_serve;
"""

WORK = """
grant update (content_sealed) on disclosures to cases_work;
grant select (case_id), update (wrapped_key, sealed) on redactions to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(SERVE)
    op.execute(WORK)


def downgrade() -> None:
    op.execute(
        """
        drop table redactions;
        delete from disclosures where document_id is null;
        alter table disclosures
            drop column items, drop column content_sealed, drop column openings,
            drop column first_opened_at;
        alter table disclosures alter column document_id set not null;
        """
    )
