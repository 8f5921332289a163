"""Cases, with consent behind it and a mailbox: who calls, and what was sent and kept."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any
from uuid import uuid4

import attrs
from google.protobuf.message import Message
from sas.cases.v1 import (
    access_requests_pb2_grpc,
    breaches_pb2_grpc,
    case_notes_pb2_grpc,
    cases_pb2_grpc,
    contacts_pb2_grpc,
    disclosures_pb2_grpc,
    documents_pb2_grpc,
    enquiries_pb2_grpc,
    incidents_pb2_grpc,
    mails_pb2_grpc,
    name_requests_pb2_grpc,
    prints_pb2_grpc,
    redactions_pb2_grpc,
    retention_pb2_grpc,
)
from sas.consent.v1 import (
    breach_procedure_pb2_grpc,
    consents_pb2_grpc,
    ledger_pb2_grpc,
    walls_pb2_grpc,
)

from services.identity.domain.roles import PERMISSIONS
from tests.kit import house
from tests.kit.house import Person, Refusal

ADVISER = frozenset(
    {
        "case:open",
        "case:list",
        "case:close",
        "case_note:write",
        "document:attach",
        "enquiry:record",
        "enquiry:list",
        "question:reply",
        "question:close",
        "mail:acknowledge",
        "disclosure:propose",
        "breach:draft",
        "incident:record",
        "access_request:read",
        "access_request:enter",
        "access_request:handle",
        "access_copy:prepare",
    }
)


def adviser(**changes: Any) -> Person:
    """Make up a staff member of the Service."""
    person = Person(f"staffMembers/{uuid4()}", "staff", frozenset({"adviser"}), ADVISER)
    return attrs.evolve(person, **changes)


def student() -> Person:
    """Make up a student."""
    permissions = PERMISSIONS["student"]
    return Person(f"students/{uuid4()}", "student", frozenset({"student"}), permissions, False)


class House(house.House):
    """The running services, with the stubs of all that the tests call."""

    service = "cases"
    databases = ("consent", "cases")
    processes: Sequence[str] = (
        "telemetry",
        "mail",
        "consent-serve",
        "cases-serve",
        "consent-work",
        "cases-work",
    )

    def move_in(self) -> None:
        """Make the stubs, as the gateway has them."""
        self.cases_peer, self.consent_peer = self.peer("cases"), self.peer("consent")
        consent = self.consent_peer
        stub = self.cases_peer.stub
        self.cases = stub(cases_pb2_grpc.CasesServiceStub)
        self.notes = stub(case_notes_pb2_grpc.CaseNotesServiceStub)
        self.documents = stub(documents_pb2_grpc.DocumentsServiceStub)
        self.disclosures = stub(disclosures_pb2_grpc.DisclosuresServiceStub)
        self.contacts = stub(contacts_pb2_grpc.ContactsServiceStub)
        self.enquiries = stub(enquiries_pb2_grpc.EnquiriesServiceStub)
        self.redactions = stub(redactions_pb2_grpc.RedactionsServiceStub)
        self.unsent_mails = stub(mails_pb2_grpc.MailsServiceStub)
        self.prints = stub(prints_pb2_grpc.PrintsServiceStub)
        self.incidents = stub(incidents_pb2_grpc.IncidentsServiceStub)
        self.name_requests = stub(name_requests_pb2_grpc.NameRequestsServiceStub)
        self.access = stub(access_requests_pb2_grpc.AccessRequestsServiceStub)
        self.breaches = stub(breaches_pb2_grpc.BreachesServiceStub)
        self.retention = stub(retention_pb2_grpc.RetentionServiceStub)
        self.consents = consent.stub(consents_pb2_grpc.ConsentsServiceStub)
        self.procedure = consent.stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)
        self.ledger = consent.stub(ledger_pb2_grpc.LedgerServiceStub)
        self.walls = consent.stub(walls_pb2_grpc.WallsServiceStub)

    def refusal(self, who: Person | None, method: str, request: Message) -> Refusal:
        """Call a method of cases (`CaseNotesService/GetCaseNote`) and give the refusal as it is."""
        return self.refusal_by(self.cases_peer, who, f"sas.cases.v1.{method}", request)

    def mails(self, address: str) -> list[Mail]:
        """Give the mails to *address*, the oldest first."""
        files = sorted((self.state / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime)
        found = [message_from_bytes(file.read_bytes()) for file in files]
        return [mail for mail in found if mail["To"] == address]

    def dump(self) -> bytes:
        """Give every row of every table of cases, as text with the bytes decoded."""
        rows = b""
        tables = self.sql("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in tables:
            for row in self.sql(f"select * from {table}"):  # noqa: S608  # names from the catalogue
                rows += b"|".join(
                    value if isinstance(value, bytes) else str(value).encode() for value in row
                )
        return rows
