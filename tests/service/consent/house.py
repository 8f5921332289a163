"""Consent as it runs, with its real servers, and the people and services that call it."""

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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import attrs
import grpc
import psycopg
from google.protobuf.message import Message
from sas.consent.v1 import (
    breach_procedure_pb2_grpc,
    consents_pb2_grpc,
    gate_pb2_grpc,
    ledger_pb2_grpc,
    records_pb2_grpc,
    releases_pb2_grpc,
    walls_pb2_grpc,
)
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
from services.consent.actions.parts import Parts
from services.consent.actions.signing import LedgerKey
from services.consent.config import Settings
from services.consent.policies.engine import Policy
from services.consent.storage.work import Work

PROCESSES = (
    "postgres",
    "vault",
    "epmd",
    "rabbitmq",
    "telemetry",
    "provision-postgres",
    "provision-vault",
    "consent-migrate",
    "consent-serve",
    "consent-work",
)
STAFF = frozenset({"breach:draft", "ledger:verify"})
RUNNING = os.environ.get("SAS_TEST_CONSENT_STATE", "")
"""The folder of a stack that runs already, to save its start while writing tests."""

Reply = TypeVar("Reply")


@attrs.frozen
class Person:
    """Somebody who calls; each call gets a fresh caller token, as from the gateway."""

    name: str
    kind: str
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    second_factor: bool = True


def staff(role: str = "adviser", **changes: Any) -> Person:
    """Make up a staff member."""
    person = Person(f"staffMembers/{uuid4()}", "staff", frozenset({role}), STAFF)
    return attrs.evolve(person, **changes)


def student() -> Person:
    """Make up a student."""
    return Person(f"students/{uuid4()}", "student", frozenset({"student"}), second_factor=False)


@attrs.frozen
class Refusal:
    """What a caller gets instead of an answer, down to the bytes."""

    code: grpc.StatusCode
    details: str
    trailing: tuple[tuple[str, str | bytes], ...]


class Callers:
    """Consent's stubs, as one service or the gateway has them."""

    def __init__(self, config: Config[Any], vault: Vault) -> None:
        self.peer = Peer(config, vault, "consent")
        self.records = self.peer.stub(records_pb2_grpc.RecordsServiceStub)
        self.gate = self.peer.stub(gate_pb2_grpc.GateServiceStub)
        self.consents = self.peer.stub(consents_pb2_grpc.ConsentsServiceStub)
        self.procedure = self.peer.stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)
        self.walls = self.peer.stub(walls_pb2_grpc.WallsServiceStub)
        self.releases = self.peer.stub(releases_pb2_grpc.ReleasesServiceStub)
        self.ledger = self.peer.stub(ledger_pb2_grpc.LedgerServiceStub)


class House:
    """The running stack."""

    def __init__(self, state: State) -> None:
        self.state = state
        roles = ("identity-serve", "cases-serve", "reports-serve", "gateway")
        self.vaults = {role: _login(state, role) for role in roles}
        self.gateway = self._callers("gateway")
        self.cases = self._callers("cases-serve")
        self.identity = self._callers("identity-serve")
        self.reports = self._callers("reports-serve")

    def close(self) -> None:
        """Let go of the servers."""
        for callers in (self.gateway, self.cases, self.identity, self.reports):
            callers.peer.close()
        for vault in self.vaults.values():
            vault.close()

    def call(self, who: Person | None, method: Callable[[Any], Reply], request: Message) -> Reply:
        """Call *method* as *who*, or as nobody."""
        with caller.calling(self.token_of(who)):
            return method(request)

    def refusal(
        self, callers: Callers, who: Person | None, method: str, request: Message
    ) -> Refusal:
        """Call a method (`RecordsService/OpenRecord`) and give the refusal as it is."""
        person = self.token_of(who)
        metadata = ((caller.METADATA_KEY, person.token),) if person else ()
        send: grpc.UnaryUnaryMultiCallable[Message, bytes]
        send = callers.peer.channel.unary_unary(
            f"/sas.consent.v1.{method}", lambda m: m.SerializeToString(), lambda data: data
        )
        try:
            send(request, metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            trailing: list[Any] = list(error.trailing_metadata())
            return Refusal(error.code(), error.details() or "", tuple(map(tuple, trailing)))
        raise AssertionError("it was not refused")

    def sql(self, statement: str, *values: object, database: str = "consent") -> list[Any]:
        """Run SQL as the superuser."""
        with provision.connect(self.state, database) as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def sql_as(self, role: str, statement: str) -> None:
        """Run SQL with the rights of a process, and undo it."""
        with (
            provision.connect(self.state, "consent") as connection,
            connection.transaction() as everything,
        ):
            connection.execute(f"set local role {role}")
            connection.execute(statement)
            raise psycopg.Rollback(everything)

    def last_entry(self, **having: str) -> dict[str, Any]:
        """Give the newest ledger entry whose columns have these values."""
        conditions = " and ".join(f"{column} = %s" for column in having)
        found = self.sql(
            f"select entry from entries where {conditions} order by idx desc limit 1",  # noqa: S608
            *having.values(),
        )
        assert found, "there is no such entry"
        fields: dict[str, Any] = json.loads(bytes(found[0][0]))
        return fields

    @contextmanager
    def another_database(self) -> Iterator[tuple[Engine, str]]:
        """Give a database without tables, as the process that migrates sees it, and its name."""
        name = f"consent_{uuid4().hex[:8]}"
        with provision.connect(self.state, "postgres") as connection:
            connection.execute(f"create database {name} owner consent_owner")
        vault = _login(self.state, "consent-migrate")
        settings = load(self.state / "etc/consent-migrate.toml", Settings).database
        database = Database(attrs.evolve(settings, name=name), vault)
        try:
            yield database.engine, name
        finally:
            database.close()
            vault.close()
            with provision.connect(self.state, "postgres") as connection:
                connection.execute(f"drop database {name} with (force)")

    @contextmanager
    def parts(self, clock: Callable[[], datetime]) -> Iterator[Parts]:
        """Give what consent's actions work with, on the same servers, by another clock."""
        vault = _login(self.state, "consent-serve")
        database = Database(load(self.state / "etc/consent-serve.toml", Settings).database, vault)
        try:
            yield Parts(
                new_work=lambda: Work(database.engine),
                policy=Policy.load(),
                vault=vault,
                ledger_key=LedgerKey(vault, Settings().origin),
                clock=clock,
            )
        finally:
            database.close()
            vault.close()

    def supervisor(self, order: str, process: str) -> None:
        """Stop or start one process."""
        _stack(self.state, order, process)

    def audit(self) -> list[dict[str, Any]]:
        """Give the lines of Vault's audit log."""
        lines = next((self.state / "vault").rglob("audit.log")).read_text().splitlines()
        return [json.loads(line) for line in lines]

    def _callers(self, role: str) -> Callers:
        known = tomllib.loads((self.state / f"etc/{role}.toml").read_text())
        known = {name: each for name, each in known.items() if name != "settings"}
        known.setdefault("peers", {})["consent"] = f"127.0.0.1:{self.state.port('consent')}"
        file = self.state / f"run/test-{role}.toml"
        write_private(file, as_toml(known))
        return Callers(load(file, NoSettings), self.vaults[role])

    def token_of(self, who: Person | None) -> Caller | None:
        """Give a caller with a fresh token, as identity signs it for the gateway."""
        if who is None:
            return None
        signer = self.vaults["identity-serve"]
        now = int(time.time())
        version = max(signer.public_keys("tokens", "caller"))
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
        token = f"{signed}.{_base64(signer.sign('tokens', 'caller', signed.encode()))}"
        return Caller(who.name, who.kind, who.roles, who.permissions, who.second_factor, "", token)


@contextmanager
def house() -> Iterator[House]:
    """Run the servers that consent needs, and remove them afterwards."""
    port_base = int(os.environ.get("SAS_TEST_CONSENT_PORT_BASE", "26000"))
    if RUNNING:
        yield from _opened(State(root=Path(RUNNING), port_base=port_base))
        return
    folder = Path(tempfile.mkdtemp(prefix="sas-consent-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    state = State(root=folder, port_base=port_base)
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


def in_days(days: float) -> datetime:
    """Give a time, counted from now."""
    return datetime.now(UTC) + timedelta(days=days)


def _opened(state: State) -> Iterator[House]:
    opened = House(state)
    try:
        yield opened
    finally:
        opened.close()


def _stack(state: State, *arguments: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state.root),
        "SAS_STATE": str(state.root),
        "SAS_PORT_BASE": str(state.port_base),
    }
    command = [sys.executable, "-m", "deploy.stack", *arguments]
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True)


def _login(state: State, role: str) -> Vault:
    """Sign in to Vault as *role*, with a secret-id laid out as the supervisor does."""
    file = state / f"run/test-{role}.wrapped"
    write_private(file, launch.wrapped_secret_id(state, role))
    settings = VaultSettings(
        url=server.url(state),
        ca_file=state / "tls/ca.pem",
        role_id=role,
        wrapped_secret_id_file=file,
    )
    return Vault.login(settings, on_lost=lambda: None)


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
