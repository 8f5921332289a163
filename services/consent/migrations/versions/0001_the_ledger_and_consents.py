"""
The first tables of consent.

Where history lives there is no right to change it: `serve` may add and read, and that is all. The
one row it may update is the ledger's frontier, from which the next root follows.
"""

from alembic import op

from common.outbox import create_tables_1
from common.requests import create_requests_1

revision = "0001"
down_revision = None

LEDGER = """
create table entries (
    idx bigint primary key check (idx >= 0),
    entry bytea not null check (octet_length(entry) between 2 and 65535),
    leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
    entry_id uuid not null unique,
    at timestamptz not null,
    action text not null,
    effect text not null check (effect in ('allow', 'deny')),
    actor text not null,
    role text not null,
    purpose text not null,
    record text not null,
    student text not null,
    disclosure text not null,
    breach text not null
);
create index entries_student on entries (student, idx desc) where student <> '';
create index entries_disclosure on entries (disclosure, action) where disclosure <> '';
create index entries_breaches_of_student on entries (student, breach) where breach <> '';

create table frontier (
    only_one boolean primary key default true check (only_one),
    size bigint not null check (size >= 0),
    peaks bytea not null
);
insert into frontier (size, peaks) values (0, '');

create table checkpoints (
    size bigint primary key check (size >= 0),
    note text not null,
    signed_at timestamptz not null
);
"""

RECORDS = """
create table records (
    record text primary key,
    kind text not null,
    student text not null,
    parent text not null,
    registered_at timestamptz not null
);

create table disposals (
    record text primary key,
    disposed_at timestamptz not null
);

create table walls (
    wall text primary key,
    staff_member text not null,
    record text not null,
    declared_by text not null,
    declared_at timestamptz not null,
    ledger_index bigint not null
);
create index walls_record on walls (record);

create table wall_lifts (
    wall text primary key references walls (wall),
    lifted_by text not null,
    lifted_at timestamptz not null,
    ledger_index bigint not null
);
"""

CONSENTS = """
create table consents (
    consent text primary key,
    ledger_index bigint not null unique,
    record text not null,
    student text not null,
    disclosure text not null unique,
    recipient text not null,
    purpose text not null,
    payload_digest text not null,
    items text[] not null,
    text_version text not null,
    text_sha256 text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    ends_at timestamptz not null
);
create index consents_student on consents (student, ledger_index desc);
create index consents_ends_at on consents (ends_at);

create table consent_events (
    position bigint generated always as identity primary key,
    consent text not null references consents (consent),
    state text not null check (state in ('given', 'refused', 'withdrawn', 'expired')),
    at timestamptz not null,
    ledger_index bigint,
    text_sha256 text,
    act text
);
create index consent_events_consent on consent_events (consent, position);
create unique index consent_events_given_once on consent_events (consent) where state = 'given';
"""

BREACHES = """
create table breach_facts (
    position bigint generated always as identity primary key,
    breach text not null,
    record text not null,
    case_record text not null,
    ground text not null,
    serious boolean not null,
    imminent boolean not null,
    has_outline boolean not null,
    has_reason boolean not null,
    has_intended_outcome boolean not null,
    has_student_spoken_to boolean not null,
    recipients jsonb not null,
    words_digest text not null,
    recorded_by text not null,
    recorded_at timestamptz not null
);
create index breach_facts_breach on breach_facts (breach, position);

create table advice_requests (
    breach text not null,
    colleague text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    primary key (breach, colleague)
);

create table advice_answers (
    position bigint generated always as identity primary key,
    breach text not null,
    colleague text not null,
    against boolean not null,
    answered_at timestamptz not null,
    ledger_index bigint not null,
    foreign key (breach, colleague) references advice_requests (breach, colleague)
);
create index advice_answers_breach on advice_answers (breach, position);

create table breach_decisions (
    breach text primary key,
    decided_by text not null,
    decided_at timestamptz not null,
    ledger_index bigint not null
);
"""

GRANTS = """
grant select, insert on
    entries, checkpoints, records, walls, wall_lifts, consents, consent_events,
    breach_facts, advice_requests, advice_answers, breach_decisions
    to consent_serve;
grant select on disposals to consent_serve;
grant select, update (size, peaks) on frontier to consent_serve;

grant select on entries, frontier, consents to consent_work;
grant select, insert on checkpoints, consent_events, disposals to consent_work;
"""


def upgrade() -> None:
    for statements in (LEDGER, RECORDS, CONSENTS, BREACHES):
        op.execute(statements)
    create_requests_1(op.execute, "consent")
    create_tables_1(op.execute, "consent")
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(
        "drop table outbox, inbox, requests, breach_decisions, advice_answers, advice_requests,"
        " breach_facts, consent_events, consents, wall_lifts, walls, disposals, records,"
        " checkpoints, frontier, entries"
    )
