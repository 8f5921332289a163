"""
The tables of cases.

In clear are only random names, codes that lists must show, dates, states and versions. All that
somebody said, and the topic and outcome of a case, is sealed: `sealed` beside the `wrapped_key`
that opens it, which only consent can unwrap. Both are null once the record is disposed of.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from common.outbox import inbox_table, outbox_table
from common.requests import requests_table

metadata = sa.MetaData()


def _id(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, UUID(as_uuid=False), primary_key=primary_key, nullable=nullable)


def _of(name: str, table: str, *, nullable: bool = False, primary: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey(f"{table}.id")
    return sa.Column(name, UUID(as_uuid=False), key, nullable=nullable, primary_key=primary)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _day(name: str) -> sa.Column[date]:
    return sa.Column(name, sa.Date, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=True)


involvements = sa.Table(
    "involvements",
    metadata,
    # One row a student: retention counts from the last involvement of the person (R26).
    sa.Column("student", sa.Text, primary_key=True),
    _day("last_day"),
)

cases = sa.Table(
    "cases",
    metadata,
    _id("id", primary_key=True),
    sa.Column("student", sa.Text, sa.ForeignKey("involvements.student"), nullable=False),
    _code("adviser"),
    _code("state"),
    _day("first_contact"),
    _number("version"),
    _moment("created_at"),
    _text("topic_wrapped_key"),
    _bytes("topic_sealed"),
    _text("outcome_wrapped_key"),
    _bytes("outcome_sealed"),
    sa.Index("cases_student", "student"),
)

notes = sa.Table(
    "notes",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    _code("author"),
    _moment("created_at"),
    _day("contact_date"),
    _of("corrects", "notes", nullable=True),
    sa.Column("complete", sa.Boolean, nullable=False),
    _text("wrapped_key"),
    _bytes("sealed"),
    sa.Index("notes_case", "case_id", "created_at", "id"),
)

documents = sa.Table(
    "documents",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    _code("author"),
    _moment("created_at"),
    _code("media_type"),
    _number("size_bytes"),
    _text("wrapped_key"),
    _bytes("title_sealed"),
    _bytes("content_sealed"),
    # Of documents that came before disclosures were rendered; to be dropped in a later release.
    _bytes("content_salt"),
    _bytes("content_digest"),
    sa.Index("documents_case", "case_id", "created_at", "id"),
)

enquiries = sa.Table(
    "enquiries",
    metadata,
    _id("id", primary_key=True),
    _code("kind"),
    _day("contact_date"),
    # Empty when a third party wrote it themselves.
    _code("author"),
    _of("case_id", "cases", nullable=True),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    # Of a third party's question: what kind, how far it got, and which way it was answered.
    _code("question"),
    _code("question_state"),
    _code("reply_channel"),
    sa.Index("enquiries_newest", "contact_date", "id"),
    sa.Index("enquiries_case", "case_id"),
    sa.Index("enquiries_questions", "question_state", "contact_date", "id"),
)

question_events = sa.Table(
    "question_events",
    metadata,
    _of("enquiry_id", "enquiries", primary=True),
    # Who answered or closed a question, and with which version of the words. Only added to.
    sa.Column("state", sa.Text, primary_key=True),
    _code("staff_member"),
    _code("script_version"),
    _moment("at"),
)

mails = sa.Table(
    "mails",
    metadata,
    # The name of the question, disclosure or staff member; of each kind there is one mail about it.
    sa.Column("about", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    _code("state"),
    _code("script_version"),
    _moment("leaves_at"),
    _moment("expires_at"),
    # For the worker alone; null once the mail has left or is given up.
    _text("sealed"),
    # Once somebody has seen to a mail that did not surely leave.
    _text("acknowledged_by"),
    _moment("acknowledged_at", nullable=True),
    sa.Index("mails_by_hour", "state", "leaves_at"),
)

staff_addresses = sa.Table(
    "staff_addresses",
    metadata,
    sa.Column("staff_member", sa.Text, primary_key=True),
    _number("version"),
    # By identity, for the worker alone; empty for nowhere.
    _code("sealed"),
    _moment("ends_at"),
)

disclosures = sa.Table(
    "disclosures",
    metadata,
    _id("id", primary_key=True),
    # What was disclosed before there were items.
    _of("document_id", "documents", nullable=True),
    _of("case_id", "cases"),
    # Names of documents and notes, in the order in which they were rendered.
    sa.Column("items", ARRAY(sa.Text), nullable=False, server_default="{}"),
    # Names of the redactions with which they were rendered.
    sa.Column("redactions", ARRAY(sa.Text), nullable=False, server_default="{}"),
    _code("recipient"),
    _code("purpose"),
    _day("ends_on"),
    # Empty until consent has been asked; the proposal counts from then on.
    _code("consent"),
    _code("state"),
    _number("version"),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    # The rendered file, sealed under the same data key as the particulars.
    _bytes("content_sealed"),
    _bytes("payload_salt"),
    _text("payload_digest"),
    _bytes("link_hash"),
    _bytes("code_salt"),
    _bytes("code_hash"),
    _moment("link_expires_at", nullable=True),
    # The file's key, sealed for whoever has the link; named after the decision that sent it.
    _id("delivery", nullable=True),
    _text("delivery_wrapped_key"),
    _bytes("delivery_sealed"),
    sa.Column("openings", sa.Integer, nullable=False, server_default="0"),
    _moment("first_opened_at", nullable=True),
    sa.UniqueConstraint("link_hash", name="disclosures_link"),
    sa.Index("disclosures_case", "case_id"),
)

link_tries = sa.Table(
    "link_tries",
    metadata,
    # Of whatever token somebody tried, also one that never was.
    sa.Column("link_hash", sa.LargeBinary, primary_key=True),
    _number("tries"),
    _moment("first_at"),
    sa.Index("link_tries_first", "first_at"),
)

contacts = sa.Table(
    "contacts",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    _code("recipient"),
    _code("purpose"),
    _day("ends_on"),
    # Empty until consent has been asked; the contact counts from then on.
    _code("consent"),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    _bytes("payload_salt"),
    _text("payload_digest"),
    sa.Index("contacts_case", "case_id", "created_at", "id"),
)

passes_used = sa.Table(
    "passes_used",
    metadata,
    # The decisions whose passes opened the door; each opens it once.
    sa.Column("decision", sa.Text, primary_key=True),
    _moment("at"),
)

redactions = sa.Table(
    "redactions",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    # The name of the document or note.
    _code("item"),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    sa.Index("redactions_case", "case_id"),
)

prints = sa.Table(
    "prints",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    # The names of the notes and documents on it.
    sa.Column("items", ARRAY(sa.Text), nullable=False),
    _code("purpose"),
    _code("printed_by"),
    _moment("printed_at"),
    # The drawer of the filing cabinet.
    _code("kept_in"),
    _text("destroyed_by"),
    _moment("destroyed_at", nullable=True),
    sa.Index("prints_newest", "printed_at", "id"),
    sa.Index("prints_case", "case_id"),
)

breaches = sa.Table(
    "breaches",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases"),
    _code("author"),
    _moment("created_at"),
    _code("state"),
    _code("ground"),
    sa.Column("serious", sa.Boolean, nullable=False),
    sa.Column("imminent", sa.Boolean, nullable=False),
    _code("whose_safety"),
    # {attempted_at, channel, result, why_not}, or empty
    sa.Column("student_first", JSONB, nullable=False),
    # [[third party, kind], ...]
    sa.Column("recipients", JSONB, nullable=False),
    # Which parts have words, since the words themselves can't be looked at here.
    sa.Column("parts", ARRAY(sa.Text), nullable=False),
    _number("version"),
    sa.Index("breaches_case", "case_id"),
)

breach_words = sa.Table(
    "breach_words",
    metadata,
    _of("breach_id", "breaches", primary=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    _bytes("salt"),
    # Of this version and all before it.
    _bytes("digest"),
)

breach_told = sa.Table(
    "breach_told",
    metadata,
    _of("breach_id", "breaches", primary=True),
    _id("id", primary_key=True),
    _code("recipient"),
    _code("author"),
    _moment("told_at"),
    _moment("created_at"),
    # Shown only once consent has it in the ledger.
    sa.Column("authorised", sa.Boolean, nullable=False),
    _text("wrapped_key"),
    _bytes("sealed"),
    _bytes("salt"),
    _text("digest"),
)

breach_addenda = sa.Table(
    "breach_addenda",
    metadata,
    _of("breach_id", "breaches", primary=True),
    _id("id", primary_key=True),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    _bytes("salt"),
    # Of its own words.
    _bytes("words_digest"),
    # Its place and the digest of all before it, once consent has it in the ledger.
    sa.Column("number", sa.Integer, nullable=True),
    _bytes("digest"),
    sa.UniqueConstraint("breach_id", "number", name="breach_addenda_in_order"),
)

incidents = sa.Table(
    "incidents",
    metadata,
    _id("id", primary_key=True),
    _of("case_id", "cases", nullable=True),
    _code("kind"),
    _code("what"),
    _moment("known_at"),
    _code("decider"),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    sa.Index("incidents_newest", "known_at", "id"),
    sa.Index("incidents_case", "case_id"),
)

incident_decisions = sa.Table(
    "incident_decisions",
    metadata,
    _of("incident_id", "incidents", primary=True),
    _code("outcome"),
    _code("decided_by"),
    _moment("decided_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
)

incident_reminders = sa.Table(
    "incident_reminders",
    metadata,
    _of("incident_id", "incidents", primary=True),
    sa.Column("which", sa.Text, primary_key=True),
    _moment("reminded_at"),
)

name_requests = sa.Table(
    "name_requests",
    metadata,
    _id("id", primary_key=True),
    _code("student"),
    # What the line is about; empty until consent has let it be asked.
    _text("about_record"),
    _moment("created_at"),
    sa.Index("name_requests_about_record", "about_record"),
)

name_request_words = sa.Table(
    "name_request_words",
    metadata,
    _of("name_request_id", "name_requests", primary=True),
    # The collection of the item: why it is asked, what is said about it, how it was weighed.
    sa.Column("part", sa.Text, primary_key=True),
    _id("id", primary_key=True),
    _code("author"),
    _moment("said_at"),
    # Once consent has it in the ledger.
    sa.Column("counts", sa.Boolean, nullable=False),
    _text("wrapped_key"),
    _bytes("sealed"),
    _bytes("salt"),
    _text("digest"),
)

access_requests = sa.Table(
    "access_requests",
    metadata,
    _id("id", primary_key=True),
    # Of a student. An id, since walls around a student hide rows by it.
    _id("student_id"),
    _day("received_on"),
    _code("manner"),
    _code("author"),
    _moment("created_at"),
    sa.Index("access_requests_student", "student_id", "created_at"),
    sa.Index("access_requests_oldest", "received_on", "id"),
)

access_copies = sa.Table(
    "access_copies",
    metadata,
    _id("id", primary_key=True),
    _of("request_id", "access_requests"),
    _of("case_id", "cases"),
    # Names of notes and documents, in the order in which they were rendered.
    sa.Column("items", ARRAY(sa.Text), nullable=False),
    sa.Column("redactions", ARRAY(sa.Text), nullable=False),
    # Names of what stays out as a whole; why, is sealed.
    sa.Column("left_out", ARRAY(sa.Text), nullable=False),
    _code("author"),
    _moment("created_at"),
    _text("wrapped_key"),
    _bytes("sealed"),
    # The file, sealed under the same data key as what it is.
    _bytes("content_sealed"),
    _bytes("payload_salt"),
    _text("payload_digest"),
    sa.Index("access_copies_request", "request_id"),
    sa.Index("access_copies_case", "case_id"),
)

access_request_events = sa.Table(
    "access_request_events",
    metadata,
    sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _of("request_id", "access_requests"),
    # Of a copy.
    _of("case_id", "cases", nullable=True),
    _of("copy_id", "access_copies", nullable=True),
    _code("happening"),
    _moment("at"),
    # That counts for the clock; it can be earlier than the line.
    _day("day"),
    _code("author"),
    _code("reason"),
    sa.Index("access_request_events_request", "request_id", "position"),
)

disposals = sa.Table(
    "disposals",
    metadata,
    # The list outside Vault of what must never be readable again, whatever backup comes back.
    sa.Column("record", sa.Text, primary_key=True),
    _code("kind"),
    _moment("disposed_at"),
)

requests = requests_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
