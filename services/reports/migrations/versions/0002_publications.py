"""Reports leave by a decision of the gate, each good for once."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        create table publications (
            decision text primary key,
            report uuid not null references reports,
            recipient text not null,
            file_sha256 text not null,
            published_at timestamptz not null
        )
        """
    )
    # What was published stays so: nobody takes a used decision back.
    op.execute("grant select, insert on publications to reports_serve")


def downgrade() -> None:
    op.execute("drop table publications")
