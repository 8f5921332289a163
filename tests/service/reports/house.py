"""Reports as it runs, the staff who ask it, and the facts it gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import attrs
from google.protobuf.message import Message
from sas.cases.v1.events_pb2 import CaseFactsRecorded
from sas.identity.v1.events_pb2 import StudentFactsRecorded
from sas.reports.v1 import reports_pb2_grpc
from sas.reports.v1.reports_pb2 import FreezeReportRequest, Report
from sqlalchemy import create_engine

from common import outbox
from common.errors import NotAvailable, TryAgain
from tests.kit import house
from tests.kit.house import Person, eventually

CASES = "cases-by-topic-and-college-group"
ENQUIRIES = "enquiries-by-topic"


def staff(**changes: Any) -> Person:
    """Make up a staff member."""
    roles, permissions = frozenset({"adviser"}), frozenset({"report:read"})
    return attrs.evolve(Person(f"staffMembers/{uuid4()}", "staff", roles, permissions), **changes)


def student() -> Person:
    """Make up a student."""
    return Person(f"students/{uuid4()}", "student", frozenset({"student"}), second_factor=False)


def freeze(year: int, until: int | None = None, **changes: Any) -> FreezeReportRequest:
    """Ask for a report on the cases of *year* (*until* another), within the house."""
    asked: dict[str, Any] = {
        "table": CASES,
        "purpose": "internal-trends",
        "from_year": year,
        "until_year": until or year,
        "request_id": str(uuid4()),
    }
    return FreezeReportRequest(**(asked | changes))


def cells(report: Report) -> dict[tuple[str, str], str]:
    """Give the cells of a report by row and column."""
    return {
        (row.code, column): cell
        for row in report.rows
        for column, cell in zip(report.column_codes, row.cells, strict=True)
    }


class House(house.House):
    """The running services."""

    service = "reports"
    databases = ("consent", "cases", "reports")
    processes = ("telemetry", "consent-serve", "reports-serve", "cases-work", "reports-work")

    def move_in(self) -> None:
        """Make the stub, and the way to let events happen."""
        self.reports = self.peer("reports").stub(reports_pb2_grpc.ReportsServiceStub)
        self._cases = create_engine("postgresql+psycopg://", creator=self._in_transactions)

    def close(self) -> None:
        """End it."""
        if hasattr(self, "_cases"):
            self._cases.dispose()
        super().close()

    def happens(self, *events: Message) -> None:
        """Let events happen, as in the transaction of a service, and wait for their effects."""
        ids = []
        with self._cases.connect() as connection:
            ids = [str(outbox.put(connection, event)) for event in events]
            connection.commit()
        eventually(
            lambda: (
                self.sql("select count(*) from inbox where message_id = any(%s)", ids)
                == [(len(ids),)]
            )
        )

    def case(self, year: int, person: str, record: str = "", **codes: str) -> CaseFactsRecorded:
        """Seal the facts of a case, as cases does."""
        known = {"kind": "case", "topic": "examination-appeal", "term": "lent", "year": year}
        return CaseFactsRecorded(
            record=record or f"records/{uuid4()}",
            pseudonym=person,
            cohort=year,
            sealed_facts=self._seal(year, known | codes),
        )

    def student(self, year: int, person: str, college: str) -> StudentFactsRecorded:
        """Seal the facts of a student, as identity does."""
        return StudentFactsRecorded(
            pseudonym=person,
            cohort=year,
            sealed_facts=self._seal(year, {"college": college, "faculty": "law", "level": "ba"}),
        )

    def students_with_cases(self, year: int, how_many: int, college: str) -> list[Message]:
        """Seal the facts of students who have one case each."""
        people = [uuid4().hex for _ in range(how_many)]
        return [
            *(self.student(year, person, college) for person in people),
            *(self.case(year, person) for person in people),
        ]

    def ledger(self) -> list[dict[str, Any]]:
        """Give the ledger's entries about reports, oldest first."""
        rows = self.sql("select entry from entries order by idx", database="consent")
        entries = [json.loads(bytes(entry)) for (entry,) in rows]
        return [entry for entry in entries if entry["action"] == "report:freeze"]

    def opened_facts(self) -> list[dict[str, Any]]:
        """Give the lines of Vault's audit log that say that facts were opened."""
        return [
            entry
            for entry in self.audit()
            if entry["type"] == "request" and entry["request"]["path"].startswith("facts/decrypt/")
        ]

    @contextmanager
    def without_consent(self) -> Iterator[None]:
        """Stop consent for the time of the block."""
        with self.without("consent-serve"):
            yield
        eventually(self._is_answered)

    def _is_answered(self) -> bool:
        """Whether reports gets an answer of consent: here, that a student may freeze nothing."""
        try:
            self.call(student(), self.reports.FreezeReport, freeze(1990))
        except TryAgain:
            return False
        except NotAvailable:
            return True
        raise AssertionError("a student froze a report")

    def _seal(self, year: int, codes: dict[str, Any]) -> str:
        return self.vault("cases-serve").encrypt(
            "facts", f"cohort-{year}", json.dumps(codes).encode()
        )

    def _in_transactions(self) -> Any:
        connection = self.connect("cases")
        connection.autocommit = False
        return connection
