"""
Consent knows until when each staff member has a role: a leaver can't be asked for advice (R36).

Told by identity, which also tells of those who have a role already. Nobody is asked whom consent
does not know.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
create table staff_roles (
    staff_member text primary key,
    version integer not null,
    role text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null
);
create constraint trigger facts_have_changed after insert or update or delete on staff_roles
    deferrable initially deferred for each row execute function facts_have_changed();
"""

GRANTS = """
grant select on staff_roles to consent_serve;
grant select, insert, update on staff_roles to consent_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table staff_roles")
