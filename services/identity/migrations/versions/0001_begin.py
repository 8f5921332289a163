"""The first tables of identity."""

from alembic import op

from common.outbox import create_tables_1
from common.requests import create_requests_1

revision = "0001"
down_revision = None

TABLES = """
create table sign_ins (
    state_sha256 bytea primary key,
    verifier text not null,
    nonce text not null,
    redirect_uri text not null,
    expires_at timestamptz not null
);
create index sign_ins_expires_at on sign_ins (expires_at);

create table sessions (
    token_sha256 bytea primary key,
    id uuid not null constraint sessions_id unique,
    person text not null,
    kind text not null,
    roles text[] not null,
    second_factor boolean not null,
    started_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz not null,
    ended_at timestamptz
);
create index sessions_expires_at on sessions (expires_at);
create unique index sessions_one_per_staff_member on sessions (person)
    where kind = 'staff' and ended_at is null;

create table staff_members (
    id uuid primary key,
    account_hmac bytea not null unique,
    display_name text not null,
    create_time timestamptz not null
);

create table staff_roles (
    id uuid primary key,
    staff_member_id uuid not null references staff_members (id),
    role text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    constraint staff_roles_in_order check (begins_at <= ends_at)
);
create index staff_roles_staff_member on staff_roles (staff_member_id, ends_at);

create table students (
    id uuid primary key,
    registration_state text not null,
    version integer not null,
    create_time timestamptz not null
);

create table student_accounts (
    account_hmac bytea primary key,
    student_id uuid not null unique references students (id),
    claimed_crsid_hmac bytea,
    claimed_cohort integer
);

create table crsids (
    student_id uuid primary key references students (id),
    cohort integer not null,
    crsid_hmac bytea not null
);
create index crsids_hmac on crsids (crsid_hmac);

create table registration_forms (
    student_id uuid primary key references students (id),
    version integer not null,
    wrapped_key text not null,
    sealed bytea not null
);

create table third_parties (
    id uuid primary key,
    kind integer not null,
    wrapped_key text not null,
    sealed bytea not null,
    create_time timestamptz not null
);
"""

# `serve` forgets nothing but what a sign-in used up and an old CRSid; `work` forgets what is over,
# and sees no person. `delete` and `update` need `select` for their conditions.
GRANTS = """
grant select, insert, delete on sign_ins to identity_serve;
grant select, insert, update on sessions to identity_serve;
grant select, insert, update on staff_members, staff_roles to identity_serve;
grant select, insert, update on students, registration_forms to identity_serve;
grant select, insert on student_accounts, third_parties to identity_serve;
grant select, insert, delete on crsids to identity_serve;

grant select (expires_at), delete on sign_ins, sessions to identity_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)
    create_tables_1(op.execute, "identity")
    create_requests_1(op.execute, "identity")


def downgrade() -> None:
    op.execute(
        "drop table requests, inbox, outbox, third_parties, registration_forms, crsids,"
        " student_accounts, students, staff_roles, staff_members, sessions, sign_ins"
    )
