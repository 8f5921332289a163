"""
Breaches: whether everybody to be told was somebody whom the student trusts, by their own consent.

Earlier decisions never looked at such a consent, so none of them rests on one.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "alter table breach_decisions add column by_consent boolean not null default false;"
        # `work` counts what was decided without consent.
        " grant select (by_consent) on breach_decisions to consent_work"
    )


def downgrade() -> None:
    op.execute("alter table breach_decisions drop column by_consent")
