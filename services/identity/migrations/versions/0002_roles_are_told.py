"""Each change of a staff member's role has a number, and is told; so are the roles of today."""

from alembic import op

revision = "0002"
down_revision = "0001"

VERSION = "alter table staff_members add column version integer not null default 1;"

# As `StaffRoleChanged` is written by `common/outbox.py`.
TELL = """
insert into outbox (message_id, event, readers, body, traceparent)
    select gen_random_uuid(), 'sas.identity.v1.StaffRoleChanged', array['consent'],
        json_build_object(
            'staff_member', 'staffMembers/' || staff_member_id,
            'version', 1,
            'role', role,
            'begin_time', to_char(begins_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'end_time', to_char(ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        )::text,
        ''
    from (
        select distinct on (staff_member_id) staff_member_id, role, begins_at, ends_at
        from staff_roles order by staff_member_id, ends_at desc, begins_at desc
    ) as latest;
"""


def upgrade() -> None:
    op.execute(VERSION)
    op.execute(TELL)


def downgrade() -> None:
    op.execute("alter table staff_members drop column version")
