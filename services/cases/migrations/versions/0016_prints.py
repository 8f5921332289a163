"""A register of what was printed, without words, so that paper can be accounted for (R18)."""

from alembic import op

from common.hidden_rows import hide_rows_1

revision = "0016"
down_revision = "0015"

TABLE = """
create table prints (
    id uuid primary key,
    case_id uuid not null references cases (id),
    items text[] not null,
    purpose text not null,
    printed_by text not null,
    printed_at timestamptz not null,
    kept_in text not null,
    destroyed_by text,
    destroyed_at timestamptz
);
create index prints_newest on prints (printed_at, id);
create index prints_case on prints (case_id);
grant select, insert, update (destroyed_by, destroyed_at) on prints to cases_serve;
"""


def upgrade() -> None:
    op.execute(TABLE)
    hide_rows_1(op.execute, "cases", "prints", "case_id")


def downgrade() -> None:
    op.execute("drop table prints")
