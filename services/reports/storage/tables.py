"""
The tables of reports.

Facts stay sealed as they came: opening one takes Vault's key of its cohort, and only a freeze asks
for it. A cube is a table that was counted once, rounded and rid of the true counts; a report is
what one purpose shows of it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from common.outbox import inbox_table, outbox_table
from common.requests import requests_table

metadata = sa.MetaData()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


case_facts = sa.Table(
    "case_facts",
    metadata,
    sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _text("record"),
    _text("pseudonym"),
    _number("cohort"),
    _text("sealed"),
    sa.Index("case_facts_record", "record"),
    sa.Index("case_facts_pseudonym", "pseudonym"),
)
"""Facts of cases and enquiries; several for a record, in the order they came."""

student_facts = sa.Table(
    "student_facts",
    metadata,
    sa.Column("pseudonym", sa.Text, primary_key=True),
    _number("cohort"),
    _text("sealed"),
)
"""The newest facts of each student."""

disposed_records = sa.Table(
    "disposed_records",
    metadata,
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column(
        "disposed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
    ),
)
"""Records that are gone, so that facts which come late don't bring them back."""

cubes = sa.Table(
    "cubes",
    metadata,
    sa.Column("table_code", sa.Text, primary_key=True),
    sa.Column("first_year", sa.Integer, primary_key=True),
    sa.Column("last_year", sa.Integer, primary_key=True),
    sa.Column("cells", JSONB, nullable=False),
    sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
)

reports = sa.Table(
    "reports",
    metadata,
    sa.Column("id", UUID(as_uuid=False), primary_key=True),
    _text("table_code"),
    _number("first_year"),
    _number("last_year"),
    _text("purpose"),
    _text("unit"),
    _number("smallest_published"),
    _number("rounding_base"),
    sa.Column("column_codes", ARRAY(sa.Text), nullable=False),
    sa.Column("rows", JSONB, nullable=False),
    sa.Column("ledger_index", sa.BigInteger, nullable=False),
    sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("table_code", "first_year", "last_year", "purpose"),
    sa.ForeignKeyConstraint(
        ["table_code", "first_year", "last_year"],
        ["cubes.table_code", "cubes.first_year", "cubes.last_year"],
    ),
    sa.Index("reports_newest", "frozen_at", "id"),
)

publications = sa.Table(
    "publications",
    metadata,
    _text("decision"),
    sa.Column("report", UUID(as_uuid=False), sa.ForeignKey("reports.id"), nullable=False),
    _text("recipient"),
    _text("file_sha256"),
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("decision"),
)
"""What left the Service, and by which decision; each is good for once."""

requests = requests_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
