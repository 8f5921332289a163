"""
The tables of identity.

No column holds a student's name, CRSid or account: forms are sealed, and what has to be looked up
is kept as an HMAC whose key never leaves Vault. A dump of these tables, with the disk under them,
names no student (R5, R17). Staff members' names are in clear: the Service publishes them itself.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from common.outbox import inbox_table, outbox_table
from common.requests import requests_table

metadata = sa.MetaData()


def _id(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, UUID(as_uuid=False), nullable=False, primary_key=primary_key)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("state_sha256", sa.LargeBinary, primary_key=True),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    _moment("expires_at"),
    sa.Index("sign_ins_expires_at", "expires_at"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
    _id("id"),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("roles", ARRAY(sa.Text), nullable=False),
    sa.Column("second_factor", sa.Boolean, nullable=False),
    _moment("started_at"),
    _moment("expires_at"),
    _moment("last_used_at"),
    _moment("ended_at", nullable=True),
    sa.UniqueConstraint("id", name="sessions_id"),
    sa.Index("sessions_expires_at", "expires_at"),
    # R20: a staff member is signed in on one device. The rule is kept here too, so that two
    # sign-ins at the same moment can't both win.
    sa.Index(
        "sessions_one_per_staff_member",
        "person",
        unique=True,
        postgresql_where=sa.text("kind = 'staff' AND ended_at IS NULL"),
    ),
)

staff_members = sa.Table(
    "staff_members",
    metadata,
    _id("id", primary_key=True),
    sa.Column("account_hmac", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    _moment("create_time"),
    # Grows with each change that others are told of.
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
)

staff_roles = sa.Table(
    "staff_roles",
    metadata,
    _id("id", primary_key=True),
    sa.Column(
        "staff_member_id", UUID(as_uuid=False), sa.ForeignKey("staff_members.id"), nullable=False
    ),
    sa.Column("role", sa.Text, nullable=False),
    _moment("begins_at"),
    _moment("ends_at"),
    sa.CheckConstraint("begins_at <= ends_at", name="staff_roles_in_order"),
    sa.Index("staff_roles_staff_member", "staff_member_id", "ends_at"),
)

students = sa.Table(
    "students",
    metadata,
    _id("id", primary_key=True),
    sa.Column("registration_state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    _moment("create_time"),
)

student_accounts = sa.Table(
    "student_accounts",
    metadata,
    sa.Column("account_hmac", sa.LargeBinary, primary_key=True),
    # Unique: an account that comes with somebody else's CRSid gets a record of its own.
    sa.Column(
        "student_id",
        UUID(as_uuid=False),
        sa.ForeignKey("students.id"),
        nullable=False,
        unique=True,
    ),
    # The CRSid that the identity provider named, as the HMAC of that academic year's key.
    sa.Column("claimed_crsid_hmac", sa.LargeBinary),
    sa.Column("claimed_cohort", sa.Integer),
)

crsids = sa.Table(
    "crsids",
    metadata,
    sa.Column("student_id", UUID(as_uuid=False), sa.ForeignKey("students.id"), primary_key=True),
    sa.Column("cohort", sa.Integer, nullable=False),
    sa.Column("crsid_hmac", sa.LargeBinary, nullable=False),
    # Not unique: a constraint would tell one student that another has registered.
    sa.Index("crsids_hmac", "crsid_hmac"),
)

registration_forms = sa.Table(
    "registration_forms",
    metadata,
    sa.Column("student_id", UUID(as_uuid=False), sa.ForeignKey("students.id"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wrapped_key", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("student_id", UUID(as_uuid=False), sa.ForeignKey("students.id"), primary_key=True),
    sa.Column("credential_id", sa.LargeBinary, primary_key=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("thumbprint", sa.Text, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    _moment("create_time"),
    _moment("remove_time", nullable=True),
)

passkey_beginnings = sa.Table(
    "passkey_beginnings",
    metadata,
    sa.Column("once_sha256", sa.LargeBinary, primary_key=True),
    sa.Column("student_id", UUID(as_uuid=False), sa.ForeignKey("students.id"), nullable=False),
    _moment("expires_at"),
    sa.Index("passkey_beginnings_expires_at", "expires_at"),
)

third_parties = sa.Table(
    "third_parties",
    metadata,
    _id("id", primary_key=True),
    sa.Column("kind", sa.Integer, nullable=False),
    sa.Column("wrapped_key", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    _moment("create_time"),
)

requests = requests_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
