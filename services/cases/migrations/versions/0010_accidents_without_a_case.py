"""Accidents of which no case is known: their words are sealed in a record of their own."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("alter table incidents alter column case_id drop not null")


def downgrade() -> None:
    # What is sealed in a record of its own has no place in the table of before.
    op.execute(
        "delete from incident_decisions where incident_id in"
        " (select id from incidents where case_id is null);"
        " delete from incidents where case_id is null;"
        " alter table incidents alter column case_id set not null"
    )
