"""The tables of consent, as queries see them. `migrations/` makes them, with their grants."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _time(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False)


def _yes_or_no(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


entries = Table(
    "entries",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("entry_id", Uuid(as_uuid=False), nullable=False, unique=True),
    _time("at"),
    _text("action"),
    _text("effect"),
    _text("actor"),
    _text("role"),
    _text("purpose"),
    _text("record"),
    _text("student"),
    _text("disclosure"),
    _text("breach"),
)
"""The ledger. The columns after `entry_id` are copies, for look-up; fsck compares them."""

COPIED = ("action", "effect", "actor", "role", "purpose", "record", "disclosure", "breach")
"""Columns that say the same as the entry's field of that name. `student` is salted there."""

frontier = Table(
    "frontier",
    metadata,
    Column("only_one", Boolean, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("facts", BigInteger, nullable=False),
)
"""Where the ledger ends, and the version of the facts that decisions rest on."""

tiles = Table(
    "tiles",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Full tiles only (C2SP tlog-tiles). Final."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    _text("note"),
    _time("signed_at"),
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("witness", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("cosigned_at", DateTime(timezone=True), primary_key=True),
    _text("line"),
)
"""What witnesses have signed: the line under the checkpoint of that size."""

witnesses = Table(
    "witnesses",
    metadata,
    Column("witness", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("cosigned_at", DateTime(timezone=True)),
    _time("asked_at"),
    _text("heard"),
)
"""Where each witness stands: no history, the only row about a witness is the newest."""

records = Table(
    "records",
    metadata,
    Column("record", Text, primary_key=True),
    _text("kind"),
    _text("student"),
    _text("parent"),
    _time("registered_at"),
)

staff_roles = Table(
    "staff_roles",
    metadata,
    Column("staff_member", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    _text("role"),
    _time("begins_at"),
    _time("ends_at"),
)
"""Who is of the staff, and until when: the newest that identity told of each."""

disposals = Table(
    "disposals", metadata, Column("record", Text, primary_key=True), _time("disposed_at")
)

walls = Table(
    "walls",
    metadata,
    Column("wall", Text, primary_key=True),
    _text("staff_member"),
    # Around one of the two; the other is empty.
    _text("record"),
    _text("student"),
    _text("declared_by"),
    _time("declared_at"),
    Column("ledger_index", BigInteger, nullable=False),
)

wall_lifts = Table(
    "wall_lifts",
    metadata,
    Column("wall", Text, primary_key=True),
    _text("lifted_by"),
    _time("lifted_at"),
    Column("ledger_index", BigInteger, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("consent", Text, primary_key=True),
    Column("ledger_index", BigInteger, nullable=False, unique=True),
    _text("record"),
    _text("student"),
    _text("disclosure"),
    _text("recipient"),
    _text("purpose"),
    _text("payload_digest"),
    Column("items", ARRAY(Text), nullable=False),
    _text("text_version"),
    _text("text_sha256"),
    _text("asked_by"),
    _time("asked_at"),
    _time("ends_at"),
    _text("language"),
)
"""What students were asked. Never changed."""

consent_events = Table(
    "consent_events",
    metadata,
    Column("position", BigInteger, primary_key=True),
    _text("consent"),
    _text("state"),
    _time("at"),
    Column("ledger_index", BigInteger),
    Column("text_sha256", Text),
    Column("act", Text),
    _text("actor"),
    Column("manner", Text),
    Column("place", Text),
    Column("spoken_at", DateTime(timezone=True)),
    Column("confirm_by", DateTime(timezone=True)),
    Column("signature_sha256", Text),
)
"""What became of it: a log, from which the state follows."""

passkey_signatures = Table(
    "passkey_signatures",
    metadata,
    Column("sha256", Text, primary_key=True),
    _text("thumbprint"),
    Column("sign_count", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
"""What students' passkeys signed: the assertion and the public key, under their digest."""

breach_facts = Table(
    "breach_facts",
    metadata,
    Column("position", BigInteger, primary_key=True),
    _text("breach"),
    _text("record"),
    _text("case_record"),
    _text("ground"),
    _yes_or_no("serious"),
    _yes_or_no("imminent"),
    _text("whose_safety"),
    _yes_or_no("has_outline"),
    _yes_or_no("has_reason"),
    _yes_or_no("has_intended_outcome"),
    _yes_or_no("has_student_spoken_to"),
    Column("student_first", JSONB, nullable=False),
    _yes_or_no("has_nobody_reachable"),
    Column("recipients", JSONB, nullable=False),
    _text("words_digest"),
    _text("recorded_by"),
    _time("recorded_at"),
)
"""Every version of what was known about a breach; the newest counts."""

advice_requests = Table(
    "advice_requests",
    metadata,
    Column("breach", Text, primary_key=True),
    Column("colleague", Text, primary_key=True),
    _text("asked_by"),
    _time("asked_at"),
)

advice_answers = Table(
    "advice_answers",
    metadata,
    Column("position", BigInteger, primary_key=True),
    _text("breach"),
    _text("colleague"),
    _yes_or_no("against"),
    _time("answered_at"),
    Column("ledger_index", BigInteger, nullable=False),
)

breach_decisions = Table(
    "breach_decisions",
    metadata,
    Column("breach", Text, primary_key=True),
    _text("decided_by"),
    _time("decided_at"),
    Column("ledger_index", BigInteger, nullable=False),
    _yes_or_no("emergency"),
    _yes_or_no("by_consent"),
)

breach_reviews = Table(
    "breach_reviews",
    metadata,
    Column("breach", Text, primary_key=True),
    _text("reviewed_by"),
    _time("reviewed_at"),
    _yes_or_no("against"),
    Column("ledger_index", BigInteger, nullable=False),
)
"""What colleagues found after a decision without advice."""

embargo_reviews = Table(
    "embargo_reviews",
    metadata,
    Column("position", BigInteger, primary_key=True),
    _text("breach"),
    _text("reviewed_by"),
    _time("reviewed_at"),
    Column("ledger_index", BigInteger, nullable=False),
)

embargo_lifts = Table(
    "embargo_lifts",
    metadata,
    Column("breach", Text, primary_key=True),
    _text("lifted_by"),
    _time("lifted_at"),
    _text("reason"),
    Column("ledger_index", BigInteger, nullable=False),
)

name_requests = Table(
    "name_requests",
    metadata,
    Column("name_request", Text, primary_key=True),
    _text("record"),
    Column("line", Uuid(as_uuid=False), nullable=False),
    _text("student"),
    _time("asked_at"),
    _time("due_at"),
    _text("words_digest"),
    Column("ledger_index", BigInteger, nullable=False),
)
"""Who asked for the name behind which line of their list."""

name_views = Table(
    "name_views",
    metadata,
    Column("position", BigInteger, primary_key=True),
    _text("name_request"),
    _text("view"),
    _text("about"),
    _time("given_at"),
    _text("words_digest"),
    Column("ledger_index", BigInteger, nullable=False),
)
"""What the staff members said whose names they are; of several, the last counts."""

name_decisions = Table(
    "name_decisions",
    metadata,
    Column("name_request", Text, primary_key=True),
    _yes_or_no("released"),
    Column("grounds", ARRAY(Text), nullable=False),
    _text("not_heard"),
    _text("about"),
    _text("decided_by"),
    _time("decided_at"),
    _text("words_digest"),
    Column("ledger_index", BigInteger, nullable=False),
)

reminders = Table(
    "reminders",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("due_at", DateTime(timezone=True), primary_key=True),
    Column("which", Text, primary_key=True),
    _time("reminded_at"),
)
"""Of what somebody was reminded, so that nobody is reminded of the same twice."""
