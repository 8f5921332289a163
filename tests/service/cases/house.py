"""A stack of its own for the tests of cases: real servers, started as people start them."""

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import attrs
import grpc
import psycopg
from google.protobuf.message import Message
from sas.cases.v1 import (
    breaches_pb2_grpc,
    case_notes_pb2_grpc,
    cases_pb2_grpc,
    disclosures_pb2_grpc,
    documents_pb2_grpc,
    enquiries_pb2_grpc,
    retention_pb2_grpc,
)
from sas.consent.v1 import breach_procedure_pb2_grpc, consents_pb2_grpc, walls_pb2_grpc
from sqlalchemy import Engine

from common import caller
from common.caller import Caller
from common.config import Config, NoSettings, VaultSettings, load
from common.db import Database
from common.rpc.client import Peer
from common.vault import Vault
from deploy.configs import as_toml
from deploy.postgres import provision
from deploy.state import CHECKOUT, State, write_private
from deploy.vault import launch, server
from services.cases.config import Settings

PROCESSES = (
    "postgres",
    "vault",
    "epmd",
    "rabbitmq",
    "telemetry",
    "mail",
    "provision-postgres",
    "provision-vault",
    "consent-migrate",
    "cases-migrate",
    "consent-serve",
    "cases-serve",
    "consent-work",
    "cases-work",
)
ADVISER = frozenset(
    {
        "case:open",
        "case:list",
        "case:close",
        "case_note:write",
        "document:attach",
        "enquiry:record",
        "enquiry:list",
        "disclosure:propose",
        "breach:draft",
    }
)
RUNNING = os.environ.get("SAS_TEST_CASES_STATE", "")
"""The folder of a stack that runs already, to save its start while writing tests."""

Reply = TypeVar("Reply")


@attrs.frozen
class Person:
    """Somebody who calls; each call gets a fresh caller token, as from the gateway."""

    name: str
    kind: str
    roles: frozenset[str]
    permissions: frozenset[str]
    second_factor: bool = True


def adviser(**changes: Any) -> Person:
    """Make up a staff member of the Service."""
    person = Person(f"staffMembers/{uuid4()}", "staff", frozenset({"adviser"}), ADVISER)
    return attrs.evolve(person, **changes)


def student() -> Person:
    """Make up a student."""
    permissions = frozenset({"registration_form:complete"})
    return Person(f"students/{uuid4()}", "student", frozenset({"student"}), permissions, False)


@attrs.frozen
class Refusal:
    """What a caller gets instead of an answer, down to the bytes."""

    code: grpc.StatusCode
    details: str
    trailing: tuple[tuple[str, str | bytes], ...]


class House:
    """The running stack, with the stubs of all that the tests call."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._signer = Vault.login(_vault(state, "identity-serve"), on_lost=lambda: None)
        self._gateway = Vault.login(_vault(state, "gateway"), on_lost=lambda: None)
        config = _gateway_config(state)
        self.cases_peer = Peer(config, self._gateway, "cases")
        consent = Peer(config, self._gateway, "consent")
        self._peers = [self.cases_peer, consent]
        stub = self.cases_peer.stub
        self.cases = stub(cases_pb2_grpc.CasesServiceStub)
        self.notes = stub(case_notes_pb2_grpc.CaseNotesServiceStub)
        self.documents = stub(documents_pb2_grpc.DocumentsServiceStub)
        self.disclosures = stub(disclosures_pb2_grpc.DisclosuresServiceStub)
        self.enquiries = stub(enquiries_pb2_grpc.EnquiriesServiceStub)
        self.breaches = stub(breaches_pb2_grpc.BreachesServiceStub)
        self.retention = stub(retention_pb2_grpc.RetentionServiceStub)
        self.consents = consent.stub(consents_pb2_grpc.ConsentsServiceStub)
        self.procedure = consent.stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)
        self.walls = consent.stub(walls_pb2_grpc.WallsServiceStub)

    def close(self) -> None:
        """Let go of the servers."""
        for peer in self._peers:
            peer.close()
        for vault in (self._signer, self._gateway):
            vault.close()

    def call(self, who: Person | None, method: Callable[[Any], Reply], request: Message) -> Reply:
        """Call *method* as *who*, or as nobody."""
        with caller.calling(self._caller(who)):
            return method(request)

    def refusal(self, who: Person | None, method: str, request: Message) -> Refusal:
        """Call a method of cases (`CaseNotesService/GetCaseNote`) and give the refusal as it is."""
        person = self._caller(who)
        metadata = ((caller.METADATA_KEY, person.token),) if person else ()
        send: grpc.UnaryUnaryMultiCallable[Message, bytes]
        send = self.cases_peer.channel.unary_unary(
            f"/sas.cases.v1.{method}", lambda m: m.SerializeToString(), lambda data: data
        )
        try:
            send(request, metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            trailing: list[Any] = list(error.trailing_metadata())
            return Refusal(error.code(), error.details() or "", tuple(map(tuple, trailing)))
        raise AssertionError("it was not refused")

    def mails(self, address: str) -> list[Mail]:
        """Give the mails to *address*, the oldest first."""
        files = sorted((self.state / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime)
        found = [message_from_bytes(file.read_bytes()) for file in files]
        return [mail for mail in found if mail["To"] == address]

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL as the superuser."""
        with provision.connect(self.state, "cases") as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def sql_as(self, role: str, statement: str) -> None:
        """Run SQL with the rights of a process, and undo it."""
        with provision.connect(self.state, "cases") as connection, connection.transaction() as all_:
            connection.execute(f"set local role {role}")
            connection.execute(statement)
            raise psycopg.Rollback(all_)

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

    def logs(self) -> bytes:
        """Give all that any process has logged."""
        return b"".join(file.read_bytes() for file in (self.state / "log").glob("*.log"))

    @contextmanager
    def empty_database(self) -> Iterator[Engine]:
        """Give a database without tables, as the process that migrates sees it."""
        with provision.connect(self.state, "postgres") as connection:
            connection.execute("create database cases_again owner cases_owner")
        vault = Vault.login(_vault(self.state, "cases-migrate"), on_lost=lambda: None)
        settings = load(self.state / "etc/cases-migrate.toml", Settings).database
        database = Database(attrs.evolve(settings, name="cases_again"), vault)
        try:
            yield database.engine
        finally:
            database.close()
            vault.close()
            with provision.connect(self.state, "postgres") as connection:
                connection.execute("drop database cases_again with (force)")

    def supervisor(self, order: str, process: str) -> None:
        """Stop or start one process."""
        _stack(self.state, order, process)

    def _caller(self, who: Person | None) -> Caller | None:
        if who is None:
            return None
        now = int(time.time())
        version = max(self._signer.public_keys("tokens", "caller"))
        head = {"alg": "EdDSA", "kid": f"caller-v{version}"}
        claims = {
            "iss": "identity",
            "sub": who.name,
            "kind": who.kind,
            "roles": sorted(who.roles),
            "perms": sorted(who.permissions),
            "sf": who.second_factor,
            "sid": "sessions/test",
            "iat": now,
            "exp": now + 60,
        }
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        token = f"{signed}.{_base64(self._signer.sign('tokens', 'caller', signed.encode()))}"
        return Caller(who.name, who.kind, who.roles, who.permissions, who.second_factor, "", token)


@contextmanager
def house() -> Iterator[House]:
    """Run the servers that cases needs, and remove them afterwards."""
    if RUNNING:
        yield from _opened(State(root=Path(RUNNING), port_base=_port_base()))
        return
    folder = Path(tempfile.mkdtemp(prefix="sas-cases-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    state = State(root=folder, port_base=_port_base())
    try:
        _stack(state, "up", "--only", ",".join(PROCESSES))
        yield from _opened(state)
    finally:
        _stack(state, "down")
        shutil.rmtree(folder, ignore_errors=True)


def eventually(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until *holds* gives something true."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def _opened(state: State) -> Iterator[House]:
    opened = House(state)
    try:
        yield opened
    finally:
        opened.close()


def _gateway_config(state: State) -> Config[NoSettings]:
    """Give what the gateway knows of its peers; Envoy's own settings are of no use here."""
    known = tomllib.loads((state / "etc/gateway.toml").read_text())
    file = state / "run/test-gateway.toml"
    write_private(file, as_toml({name: each for name, each in known.items() if name != "settings"}))
    return load(file, NoSettings)


def _port_base() -> int:
    return int(os.environ.get("SAS_TEST_CASES_PORT_BASE", "27000"))


def _stack(state: State, *arguments: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state.root),
        "SAS_STATE": str(state.root),
        "SAS_PORT_BASE": str(state.port_base),
    }
    command: Sequence[str] = [sys.executable, "-m", "deploy.stack", *arguments]
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True)


def _vault(state: State, role: str) -> VaultSettings:
    """Lay out a login for *role*, as the supervisor does."""
    file = state / f"run/test-{role}.wrapped"
    write_private(file, launch.wrapped_secret_id(state, role))
    return VaultSettings(
        url=server.url(state),
        ca_file=state / "tls/ca.pem",
        role_id=role,
        wrapped_secret_id_file=file,
    )


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
