"""
A house: some of our services running for one part's tests, and ways to call them as somebody.

Its servers are shared with all other houses (tests/kit/servers); databases, virtual host, processes
and logs are its own. Each part's `house.py` says which services it has and what it calls.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self, TypeVar

import attrs
import grpc
import psycopg
from google.protobuf.message import Message
from sqlalchemy import Engine

from common import caller
from common.caller import Caller
from common.config import Config, DatabaseSettings, NoSettings, VaultSettings, load
from common.db import Database
from common.rpc.client import Peer
from common.vault import Vault
from deploy.audit.reconcile import Finding, audit_lines, opening_of, reconcile
from deploy.configs import address
from deploy.state import State, write_private
from deploy.vault import launch, server
from tests.kit import house_state
from tests.kit.planted import is_planted
from tests.kit.processes import Processes
from tests.kit.relay import Relay
from tests.kit.servers.session import Servers
from tests.kit.servers.spawn import wait_until
from tests.kit.servers.values import BROKER, POSTGRES, VAULT

Reply = TypeVar("Reply")


@attrs.frozen
class Person:
    """Somebody who calls; each call gets a fresh caller token, as from the gateway."""

    name: str
    kind: str
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    second_factor: bool = True
    passkeys: frozenset[str] = frozenset()


@attrs.frozen
class Refusal:
    """What a caller gets instead of an answer, down to the bytes."""

    code: grpc.StatusCode
    details: str
    trailing: tuple[tuple[str, str | bytes], ...]


class House:
    """The processes of one part's tests. `service` is the part itself."""

    service: str
    databases: Sequence[str] = ()
    """The services whose databases there are."""
    processes: Sequence[str] = ()
    """What runs, from the stack's list."""
    told: Mapping[str, Mapping[str, Any]] = {}  # never changed
    """Settings of a process that are other than the stack's."""
    by_relay: str | None = None
    """A process for which Vault can be cut off."""

    def __init__(self, servers: Servers) -> None:
        works = any(name.endswith("-work") for name in self.processes)
        servers.need(POSTGRES, VAULT, *([BROKER] if works else []))
        self.servers = servers
        self._names = {service: servers.new_database(service) for service in self.databases}
        self.state = house_state.make(servers.state)
        self._relay = Relay(self.state.port("vault")) if self.by_relay else None
        house_state.write_configs(
            self.state,
            self._names,
            servers.vhost() if works else None,
            {self.by_relay: self._relay.port} if self.by_relay and self._relay else {},
            self.told,
        )
        self.running = Processes(self.state)
        self._vaults: dict[str, Vault] = {}
        self._signing_in = threading.Lock()
        self._peers: list[Peer] = []

    @classmethod
    @contextmanager
    def open(cls, servers: Servers) -> Iterator[Self]:
        """Start it, and remove it afterwards."""
        house = cls(servers)
        try:
            house.running.start(*cls.processes)
            house.move_in()
            yield house
        finally:
            house.close()

    def move_in(self) -> None:
        """Make what tests call, now that all runs."""

    def close(self) -> None:
        """End it, and leave nothing but the servers."""
        for peer in self._peers:
            peer.close()
        for vault in self._vaults.values():
            vault.close()
        self.running.close()
        if self._relay is not None:
            self._relay.close()
        try:
            if "consent" in self.databases:
                # After all that its tests have done: nothing was opened unrecorded.
                found = [x for x in self.unexplained() if not is_planted(x.opening.decision)]
                assert not found, [str(each) for each in found]
        finally:
            self.state.clear()

    def unexplained(self) -> tuple[Finding, ...]:
        """Give every opening of this house's records that its ledger does not explain."""
        log = self.servers.state / "vault/audit.log"
        if not log.exists():
            return ()  # Vault is somebody else's, and so is its log
        records = {
            record for (record,) in self.sql("select record from records", database="consent")
        }
        lines = [
            line
            for line in audit_lines(log)
            if (opening := opening_of(line)) is not None and opening.record in records
        ]
        entries = self.sql("select entry from entries order by idx", database="consent")
        return reconcile(lines, (json.loads(bytes(entry)) for (entry,) in entries)).findings

    # Calls

    def vault(self, role: str) -> Vault:
        """Give Vault as *role* uses it, signed in once."""
        with self._signing_in:  # a wrapped secret-id lies in one file and is good for one login
            if role not in self._vaults:
                self._vaults[role] = login(self.state, role)
            return self._vaults[role]

    def peer(self, service: str, process: str = "gateway") -> Peer:
        """Give *service* as *process* calls it."""
        peers = {service: address(self.state, service)}
        config: Config[NoSettings] = load(
            house_state.config_for_tests(self.state, process, peers), NoSettings
        )
        self._peers.append(Peer(config, self.vault(process), service))
        return self._peers[-1]

    def call(self, who: Person | None, method: Callable[[Any], Reply], request: Message) -> Reply:
        """Call *method* as *who*, or as nobody."""
        with caller.calling(self.token_of(who)):
            return method(request)

    def refusal_by(self, peer: Peer, who: Person | None, method: str, request: Message) -> Refusal:
        """Call a method (`sas.cases.v1.CaseNotesService/GetCaseNote`); give the bare refusal."""
        person = self.token_of(who)
        metadata = ((caller.METADATA_KEY, person.token),) if person else ()
        send: grpc.UnaryUnaryMultiCallable[Message, bytes]
        send = peer.channel.unary_unary(
            f"/{method}", lambda m: m.SerializeToString(), lambda data: data
        )
        try:
            send(request, metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            trailing: list[Any] = list(error.trailing_metadata())
            return Refusal(error.code(), error.details() or "", tuple(map(tuple, trailing)))
        raise AssertionError("it was not refused")

    def token_of(self, who: Person | None) -> Caller | None:
        """Give a caller with a fresh token, as identity signs it for the gateway."""
        if who is None:
            return None
        signer, now = self.vault("identity-serve"), int(time.time())
        head = {"alg": "EdDSA", "kid": f"caller-v{max(signer.public_keys('tokens', 'caller'))}"}
        claims = {
            "iss": "identity",
            "sub": who.name,
            "kind": who.kind,
            "roles": sorted(who.roles),
            "perms": sorted(who.permissions),
            "sf": who.second_factor,
            "sid": "sessions/test",
            "keys": sorted(who.passkeys),
            "iat": now,
            "exp": now + 60,
        }
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        token = f"{signed}.{_base64(signer.sign('tokens', 'caller', signed.encode()))}"
        return Caller(who.name, who.kind, who.roles, who.permissions, who.second_factor, "", token)

    def without(self, process: str) -> AbstractContextManager[None]:
        """Stop one process, or the way to Vault, for the time of the block."""
        if process == "vault":
            assert self._relay is not None, "no process of this house can lose Vault"
            return self._relay.cut()
        return self.running.without(process)

    # What they have written

    def connect(self, service: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as the superuser to the database of *service*, or of the part itself."""
        return self.servers.connect(self._names[service or self.service])

    def sql(self, statement: str, *values: object, database: str = "") -> list[Any]:
        """Run SQL as the superuser; *database* is a service, or a database's own name."""
        with self.servers.connect(
            self._names.get(database or self.service, database)
        ) as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def sql_as(self, role: str, statement: str) -> None:
        """Run SQL with the rights of a process, and undo it."""
        with self.connect() as connection, connection.transaction() as everything:
            connection.execute(f"set local role {role}")
            connection.execute(statement)
            raise psycopg.Rollback(everything)

    def backends(self, *services: str) -> list[int]:
        """Give the database server's processes for *services*, or for the part itself."""
        names = [self._names[each] for each in services or (self.service,)]
        found = self.sql(
            "select pid from pg_stat_activity where datname = any(%s) and pid <> pg_backend_pid()",
            names,
        )
        return [pid for (pid,) in found]

    @contextmanager
    def another_database(self) -> Iterator[tuple[Engine, str]]:
        """Give a database without tables, as the process that migrates sees it, and its name."""
        process = f"{self.service}-migrate"
        name = self.servers.new_database(self.service, empty=True)
        vault = login(self.state, process)
        database = Database(attrs.evolve(self.settings(process), name=name), vault)
        try:
            yield database.engine, name
        finally:
            database.close()
            vault.close()

    def settings(self, process: str) -> DatabaseSettings:
        """Give what *process* is told of its database."""
        return load(house_state.config_for_tests(self.state, process, {}), NoSettings).database

    def logs(self) -> bytes:
        """Give all that any process has logged, the servers included."""
        folders = (self.state / "log", self.servers.state / "log")
        return b"".join(file.read_bytes() for folder in folders for file in folder.glob("*.log"))

    def audit(self) -> list[dict[str, Any]]:
        """Give the lines of Vault's audit log."""
        lines = (self.state / "vault/audit.log").read_text().splitlines()
        return [json.loads(line) for line in lines]


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until *holds* gives something true."""
    wait_until(lambda: bool(holds()), seconds)


def login(state: State, role: str) -> Vault:
    """Sign in to Vault as *role*."""
    return Vault.login(vault_settings(state, role), on_lost=lambda: None)


def vault_settings(state: State, role: str) -> VaultSettings:
    """Lay out a fresh wrapped secret-id for *role*, as the supervisor does."""
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
