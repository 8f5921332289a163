"""Reports as it runs, with its real servers, the staff who ask it, and the facts it gets."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import attrs
from google.protobuf.message import Message
from sas.cases.v1.events_pb2 import CaseFactsRecorded
from sas.identity.v1.events_pb2 import StudentFactsRecorded
from sas.reports.v1 import reports_pb2_grpc
from sas.reports.v1.reports_pb2 import FreezeReportRequest, Report
from sqlalchemy import create_engine

from common import caller, outbox
from common.caller import Caller
from common.config import NoSettings, VaultSettings, load
from common.db import Database
from common.errors import NotAvailable, TryAgain
from common.rpc.client import Peer
from common.vault import Vault
from deploy.configs import as_toml
from deploy.postgres import provision
from deploy.state import CHECKOUT, State, write_private
from deploy.vault import launch, server

PROCESSES = (
    "postgres",
    "vault",
    "epmd",
    "rabbitmq",
    "telemetry",
    "provision-postgres",
    "provision-vault",
    "consent-migrate",
    "cases-migrate",
    "reports-migrate",
    "consent-serve",
    "reports-serve",
    "cases-work",
    "reports-work",
)
PORT_BASE = int(os.environ.get("SAS_TEST_REPORTS_PORT_BASE", "25100"))
RUNNING = os.environ.get("SAS_TEST_REPORTS_STATE", "")
"""The folder of a stack that runs already, to save its start while writing tests."""

CASES = "cases-by-topic-and-college-group"
ENQUIRIES = "enquiries-by-topic"

Reply = TypeVar("Reply")


@attrs.frozen
class Person:
    """Somebody who calls; each call gets a fresh caller token, as from the gateway."""

    name: str
    kind: str
    permissions: frozenset[str] = frozenset()
    second_factor: bool = True


def staff(**changes: Any) -> Person:
    """Make up a staff member."""
    person = Person(f"staffMembers/{uuid4()}", "staff", frozenset({"report:read"}))
    return attrs.evolve(person, **changes)


def student() -> Person:
    """Make up a student."""
    return Person(f"students/{uuid4()}", "student", second_factor=False)


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


class House:
    """The running stack."""

    def __init__(self, state: State) -> None:
        self.state = state
        roles = ("identity-serve", "cases-serve", "gateway")
        self._vaults = {role: self._login(role) for role in roles}
        self._peer = Peer(
            load(self._settings("gateway"), NoSettings), self._vaults["gateway"], "reports"
        )
        self.reports = self._peer.stub(reports_pb2_grpc.ReportsServiceStub)
        self._cases = create_engine(
            "postgresql+psycopg://", creator=lambda: self._in_transactions("cases")
        )

    def close(self) -> None:
        """Let go of the servers."""
        self._cases.dispose()
        self._peer.close()
        for vault in self._vaults.values():
            vault.close()

    def call(self, who: Person | None, method: Callable[[Any], Reply], request: Message) -> Reply:
        """Call *method* as *who*, or as nobody."""
        with caller.calling(self._caller(who)):
            return method(request)

    def happens(self, *events: Message) -> None:
        """Let events happen, as in the transaction of a service, and wait for their effects."""
        ids = []
        with self._cases.connect() as connection:
            ids = [str(outbox.put(connection, event)) for event in events]
            connection.commit()
        self.eventually(
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

    def sql(self, statement: str, *values: object, database: str = "reports") -> list[Any]:
        """Run SQL as the superuser."""
        with provision.connect(self.state, database) as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def sql_as(self, role: str, statement: str) -> None:
        """Run SQL with the rights of a process."""
        with provision.connect(self.state, "reports") as connection:
            connection.execute(f"set role {role}")
            connection.execute(statement)

    def ledger(self) -> list[dict[str, Any]]:
        """Give the ledger's entries about reports, oldest first."""
        rows = self.sql("select entry from entries order by idx", database="consent")
        entries = [json.loads(bytes(entry)) for (entry,) in rows]
        return [entry for entry in entries if entry["action"] == "report:freeze"]

    def opened_facts(self) -> list[dict[str, Any]]:
        """Give the lines of Vault's audit log that say that facts were opened."""
        lines = next((self.state / "vault").rglob("audit.log")).read_text().splitlines()
        entries = [json.loads(line) for line in lines]
        return [
            entry
            for entry in entries
            if entry["type"] == "request" and entry["request"]["path"].startswith("facts/decrypt/")
        ]

    @contextmanager
    def without_consent(self) -> Iterator[None]:
        """Stop consent for the time of the block."""
        stack(self.state, "stop", "consent-serve")
        try:
            yield
        finally:
            stack(self.state, "start", "consent-serve")
            self.eventually(self._is_answered)

    @contextmanager
    def another_database(self) -> Iterator[Database]:
        """Give a database without tables, as the process that migrates sees it."""
        name = f"reports_{uuid4().hex[:8]}"
        with provision.connect(self.state, "postgres") as connection:
            connection.execute(f"create database {name} owner reports_owner")
        vault = self._login("reports-migrate")
        settings = load(self.state / "etc/reports-migrate.toml", NoSettings).database
        database = Database(attrs.evolve(settings, name=name), vault)
        try:
            yield database
        finally:
            database.close()
            vault.close()
            with provision.connect(self.state, "postgres") as connection:
                connection.execute(f"drop database {name} with (force)")

    def eventually(self, holds: Callable[[], object], seconds: float = 30) -> None:
        """Wait until *holds* gives something true."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, "it did not happen in time"
            time.sleep(0.05)

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
        return self._vaults["cases-serve"].encrypt(
            "facts", f"cohort-{year}", json.dumps(codes).encode()
        )

    def _in_transactions(self, database: str) -> Any:
        connection = provision.connect(self.state, database)
        connection.autocommit = False
        return connection

    def _settings(self, role: str) -> Path:
        known = tomllib.loads((self.state / f"etc/{role}.toml").read_text())
        file = self.state / f"run/test-{role}.toml"
        write_private(
            file, as_toml({name: each for name, each in known.items() if name != "settings"})
        )
        return file

    def _login(self, role: str) -> Vault:
        """Sign in to Vault as *role*, with a secret-id laid out as the supervisor does."""
        file = self.state / f"run/test-{role}.wrapped"
        write_private(file, launch.wrapped_secret_id(self.state, role))
        settings = VaultSettings(
            url=server.url(self.state),
            ca_file=self.state / "tls/ca.pem",
            role_id=role,
            wrapped_secret_id_file=file,
        )
        return Vault.login(settings, on_lost=lambda: None)

    def _caller(self, who: Person | None) -> Caller | None:
        """Give a caller with a fresh token, as identity signs it for the gateway."""
        if who is None:
            return None
        signer = self._vaults["identity-serve"]
        now = int(time.time())
        roles = frozenset({"adviser" if who.kind == "staff" else "student"})
        head = {"alg": "EdDSA", "kid": f"caller-v{max(signer.public_keys('tokens', 'caller'))}"}
        claims = {
            "iss": "identity",
            "sub": who.name,
            "kind": who.kind,
            "roles": sorted(roles),
            "perms": sorted(who.permissions),
            "sf": who.second_factor,
            "sid": "sessions/test",
            "iat": now,
            "exp": now + 60,
        }
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        token = f"{signed}.{_base64(signer.sign('tokens', 'caller', signed.encode()))}"
        return Caller(who.name, who.kind, roles, who.permissions, who.second_factor, "", token)


@contextmanager
def house() -> Iterator[House]:
    """Run the servers that reports needs, and remove them afterwards."""
    if RUNNING:
        yield from _opened(State(root=Path(RUNNING), port_base=PORT_BASE))
        return
    folder = Path(tempfile.mkdtemp(prefix="sas-reports-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    state = State(root=folder, port_base=PORT_BASE)
    try:
        stack(state, "up", "--only", ",".join(PROCESSES))
        yield from _opened(state)
    finally:
        stack(state, "down")
        shutil.rmtree(folder, ignore_errors=True)


def stack(state: State, *arguments: str) -> None:
    """Give the stack an order."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state.root),
        "SAS_STATE": str(state.root),
        "SAS_PORT_BASE": str(state.port_base),
    }
    command = [sys.executable, "-m", "deploy.stack", *arguments]
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True)


def _opened(state: State) -> Iterator[House]:
    opened = House(state)
    try:
        yield opened
    finally:
        opened.close()


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
