"""The tables of the beginning."""

from __future__ import annotations

from alembic import op

from common.requests import create_requests_1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    create_requests_1(op.execute, "cases")
    op.execute("create table things (name text primary key)")
    op.execute("grant select, insert on things to cases_serve")


def downgrade() -> None:
    """Undo it."""
    op.execute("drop table things")
    op.execute("drop table requests")
