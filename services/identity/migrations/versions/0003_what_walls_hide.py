"""Students behind a caller's walls are not there for them, in no query (R10)."""

from alembic import op

from common.hidden_rows import hide_rows_1, make_hidden_1, show_rows_1

revision = "0003"
down_revision = "0002"

ABOUT = {
    "students": ("id",),
    "registration_forms": ("student_id",),
    "crsids": ("student_id",),
}


def upgrade() -> None:
    make_hidden_1(op.execute, "identity")
    for table, about in ABOUT.items():
        hide_rows_1(op.execute, "identity", table, *about)


def downgrade() -> None:
    for table in ABOUT:
        show_rows_1(op.execute, table)
    op.execute("drop function hidden_ids()")
