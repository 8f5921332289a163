"""
What is behind a caller's walls is not there for them, in no query (R10).

A breach has a record of its own, so its rows go by that: whose breach it is keeps it when a
colleague walls them off from the case (R37). An enquiry goes with the case that it became.
"""

from alembic import op

from common.hidden_rows import hide_rows_1, make_hidden_1, show_rows_1

revision = "0014"
down_revision = "0013"

ABOUT = {
    "cases": ("id",),
    "notes": ("case_id",),
    "documents": ("case_id",),
    "disclosures": ("case_id",),
    "contacts": ("case_id",),
    "redactions": ("case_id",),
    "incidents": ("id", "case_id"),
    "enquiries": ("id", "case_id"),
    "question_events": ("enquiry_id",),
    "reply_mails": ("enquiry_id",),
    "breaches": ("id",),
    "breach_words": ("breach_id",),
    "breach_told": ("breach_id",),
    "breach_addenda": ("breach_id",),
    "name_requests": ("id",),
    "name_request_words": ("name_request_id",),
}


def upgrade() -> None:
    make_hidden_1(op.execute, "cases")
    for table, about in ABOUT.items():
        hide_rows_1(op.execute, "cases", table, *about)


def downgrade() -> None:
    for table in ABOUT:
        show_rows_1(op.execute, table)
    op.execute("drop function hidden_ids()")
