"""
Students' passkeys: public keys, and beginnings that are used once.

One key, one student: whether somebody else has a key with that id is nobody's business, so the id
is unique for its student only.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
create table passkeys (
    student_id uuid not null references students (id),
    credential_id bytea not null,
    public_key bytea not null,
    thumbprint text not null,
    sign_count bigint not null,
    create_time timestamptz not null,
    remove_time timestamptz,
    primary key (student_id, credential_id)
);

create table passkey_beginnings (
    once_sha256 bytea primary key,
    student_id uuid not null references students (id),
    expires_at timestamptz not null
);
create index passkey_beginnings_expires_at on passkey_beginnings (expires_at);
"""

# A key is never changed into another; `work` forgets what is over, and sees whose it was not.
GRANTS = """
grant select, insert, delete, update (sign_count, remove_time) on passkeys to identity_serve;
grant select, insert, delete on passkey_beginnings to identity_serve;
grant select (remove_time), delete on passkeys to identity_work;
grant select (expires_at), delete on passkey_beginnings to identity_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table passkey_beginnings, passkeys")
