"""The first tables of cases."""

from alembic import op

from common.outbox import create_tables_1
from common.requests import create_requests_1

revision = "0001"
down_revision = None

TABLES = """
create table involvements (
    student text primary key,
    last_day date not null
);

create table cases (
    id uuid primary key,
    student text not null references involvements (student),
    adviser text not null,
    state text not null,
    first_contact date not null,
    version integer not null,
    created_at timestamptz not null,
    topic_wrapped_key text,
    topic_sealed bytea,
    outcome_wrapped_key text,
    outcome_sealed bytea
);
create index cases_student on cases (student);

create table notes (
    id uuid primary key,
    case_id uuid not null references cases (id),
    author text not null,
    created_at timestamptz not null,
    contact_date date not null,
    corrects uuid references notes (id),
    complete boolean not null,
    wrapped_key text,
    sealed bytea
);
create index notes_case on notes (case_id, created_at, id);

create table documents (
    id uuid primary key,
    case_id uuid not null references cases (id),
    author text not null,
    created_at timestamptz not null,
    media_type text not null,
    size_bytes integer not null,
    wrapped_key text,
    title_sealed bytea,
    content_sealed bytea,
    content_salt bytea,
    content_digest bytea
);
create index documents_case on documents (case_id, created_at, id);

create table enquiries (
    id uuid primary key,
    kind text not null,
    contact_date date not null,
    author text not null,
    case_id uuid references cases (id),
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea
);
create index enquiries_newest on enquiries (contact_date, id);
create index enquiries_case on enquiries (case_id);

create table disclosures (
    id uuid primary key,
    document_id uuid not null references documents (id),
    case_id uuid not null references cases (id),
    recipient text not null,
    purpose text not null,
    ends_on date not null,
    consent text not null,
    state text not null,
    version integer not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea,
    payload_salt bytea,
    payload_digest text,
    link_hash bytea constraint disclosures_link unique,
    code_salt bytea,
    code_hash bytea,
    tries_left integer not null,
    link_expires_at timestamptz
);
create index disclosures_case on disclosures (case_id);

create table breaches (
    id uuid primary key,
    case_id uuid not null references cases (id),
    author text not null,
    created_at timestamptz not null,
    state text not null,
    ground text not null,
    serious boolean not null,
    imminent boolean not null,
    recipients jsonb not null,
    parts text[] not null,
    version integer not null
);
create index breaches_case on breaches (case_id);

create table breach_words (
    breach_id uuid not null references breaches (id),
    number integer not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea,
    salt bytea,
    digest bytea,
    primary key (breach_id, number)
);

create table breach_told (
    breach_id uuid not null references breaches (id),
    id uuid not null,
    recipient text not null,
    author text not null,
    told_at timestamptz not null,
    created_at timestamptz not null,
    authorised boolean not null,
    wrapped_key text,
    sealed bytea,
    salt bytea,
    digest text,
    primary key (breach_id, id)
);

create table disposals (
    record text primary key,
    kind text not null,
    disposed_at timestamptz not null
);
"""

# `serve` adds words and never changes or deletes any; what it may update are states and links.
SERVE = """
grant select, insert, update (last_day) on involvements to cases_serve;
grant select, insert on cases, notes, documents, enquiries, disclosures to cases_serve;
grant select, insert on breaches, breach_words, breach_told to cases_serve;
grant update (state, version, outcome_wrapped_key, outcome_sealed) on cases to cases_serve;
grant update (case_id) on enquiries to cases_serve;
grant update (consent, state, version, link_hash, code_salt, code_hash, tries_left,
              link_expires_at) on disclosures to cases_serve;
grant update (state, ground, serious, imminent, recipients, parts, version)
    on breaches to cases_serve;
grant update (authorised) on breach_told to cases_serve;
grant select on disposals to cases_serve;
"""

# `work` sees no ciphertext. It can empty what is sealed, add to the disposal list, and never
# change that list. `update` needs `select` for its conditions.
WORK = """
grant select (id, version) on cases to cases_work;
grant update (state, version, topic_wrapped_key, topic_sealed, outcome_wrapped_key,
              outcome_sealed) on cases to cases_work;
grant select (case_id), update (wrapped_key, sealed) on notes to cases_work;
grant select (case_id), update (wrapped_key, title_sealed, content_sealed, content_salt,
                                content_digest) on documents to cases_work;
grant select (id), update (wrapped_key, sealed) on enquiries to cases_work;
grant select (id, case_id, state, version),
      update (state, version, wrapped_key, sealed, payload_salt, payload_digest, link_hash,
              code_salt, code_hash, tries_left) on disclosures to cases_work;
grant select (id), update (ground, recipients, parts) on breaches to cases_work;
grant select (breach_id), update (wrapped_key, sealed, salt, digest)
    on breach_words, breach_told to cases_work;
grant select, insert on disposals to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(SERVE)
    op.execute(WORK)
    create_tables_1(op.execute, "cases")
    create_requests_1(op.execute, "cases")


def downgrade() -> None:
    op.execute(
        "drop table requests, inbox, outbox, disposals, breach_told, breach_words, breaches,"
        " disclosures, enquiries, documents, notes, cases, involvements"
    )
