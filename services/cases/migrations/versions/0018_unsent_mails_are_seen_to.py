"""Who has seen to a mail that did not surely leave, so that it stays in a list until then (R14)."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("alter table mails add acknowledged_by text, add acknowledged_at timestamptz")
    op.execute(
        "grant select (acknowledged_at), update (acknowledged_by, acknowledged_at) on mails"
        " to cases_serve"
    )


def downgrade() -> None:
    op.execute("alter table mails drop acknowledged_by, drop acknowledged_at")
