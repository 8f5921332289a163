"""A line of a consent's log may be signed by the student's passkey; the signature is kept whole."""

from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = """
create table passkey_signatures (
    sha256 text primary key,
    thumbprint text not null,
    sign_count bigint not null,
    signature bytea not null
);
create index passkey_signatures_thumbprint on passkey_signatures (thumbprint, sign_count);
create constraint trigger facts_have_changed after insert or update or delete on passkey_signatures
    deferrable initially deferred for each row execute function facts_have_changed();

alter table consent_events
    add column signature_sha256 text references passkey_signatures (sha256);
"""

GRANTS = "grant select, insert on passkey_signatures to consent_serve;"


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("alter table consent_events drop column signature_sha256")
    op.execute("drop table passkey_signatures")
