"""Disclosures say with which redactions they were made: what is marked leaves blacked out."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # `serve` may add whole rows, this column included, and change none of it.
    op.execute("alter table disclosures add column redactions text[] not null default '{}'")


def downgrade() -> None:
    op.execute("alter table disclosures drop column redactions")
