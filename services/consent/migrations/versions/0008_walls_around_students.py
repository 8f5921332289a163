"""
Walls around a student as a whole; all that stood before are around a record.

The indexes are for what is asked with every list: what is not there for whoever asks.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("alter table walls add column student text not null default ''")
    op.execute("create index walls_student on walls (student)")
    op.execute("create index walls_staff_member on walls (staff_member)")
    op.execute("create index records_student on records (student)")
    op.execute("create index records_parent on records (parent)")


def downgrade() -> None:
    op.execute("drop index records_parent, records_student, walls_staff_member, walls_student")
    op.execute("delete from walls where record = ''")
    op.execute("alter table walls drop column student")
