"""The servers of one run of pytest: started when first needed, set up once, given out in pieces."""

from __future__ import annotations

import json
import secrets
from typing import Any

import psycopg
import requests
from psycopg import sql
from sqlalchemy import NullPool, create_engine

from common.events.broker import Broker, connect
from common.migrate import upgrade
from deploy.postgres import provision as postgres_provision
from deploy.postgres.server import SUPERUSER_SECRET
from deploy.rabbitmq import definitions
from deploy.state import State, write_private
from deploy.vault import provision as vault_provision
from deploy.vault import server as vault_server
from tests.kit.servers.values import BROKER, NAMES, POSTGRES, VAULT, Lane, Server

VHOSTS = tuple(f"house-{number}" for number in range(1, 13))
"""Made with the broker, which without its management plugin makes none while it runs."""
PORT_NAMES = {POSTGRES: "postgres", VAULT: "vault", BROKER: "rabbitmq"}
PASSWORDS = "etc/rabbitmq-passwords.json"


class Servers:
    """Servers of one lane."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.versions: dict[str, str] = {}
        self._vhosts = iter(VHOSTS)
        self._migrated: set[str] = set()
        self._databases: list[str] = []
        self._failure: Exception | None = None

    @property
    def state(self) -> State:
        """The servers' own folder, with the root authority and everybody's secrets."""
        return self.lane.place()

    def need(self, *names: str) -> None:
        """Have these servers running and set up; those that are not yet start side by side."""
        if self._failure is not None:
            raise self._failure
        wanted = [name for name in NAMES if name in names and name not in self.versions]
        if not wanted:
            return
        try:
            self._start(wanted)
        except Exception as error:
            self._failure = error
            raise

    def _start(self, wanted: list[str]) -> None:
        self._make_passwords()
        for name in wanted:
            self.lane.begin(name)
        for name in wanted:
            self.lane.wait(name)
            self.versions[name] = self._version(name)
        if POSTGRES in wanted:
            postgres_provision.provision(self.state)
        if VAULT in wanted:
            self.need(POSTGRES)
            vault_provision.provision(self.state)

    def value(self, name: str) -> Server:
        """Describe one server, having it running."""
        self.need(name)
        match name:
            case "postgres":
                user, secret = "postgres", (self.state / SUPERUSER_SECRET).read_text()
            case "vault":
                user, secret = next(iter(vault_server.operators(self.state).items()))
            case _:
                user, secret = next(iter(self.broker_passwords().items()))
        return Server(
            name=name,
            lane=self.lane.name,
            version=self.versions[name],
            address=f"127.0.0.1:{self.state.port(PORT_NAMES[name])}",
            user=user,
            secret=secret,
            ca_file=self.state / "tls/ca.pem",
        )

    # Pieces

    def broker_passwords(self) -> dict[str, str]:
        """Give the passwords of the workers at the broker."""
        found: dict[str, str] = json.loads((self.state / PASSWORDS).read_text())
        return found

    def vhost(self) -> str:
        """Give a virtual host that nobody has used."""
        self.need(BROKER)
        return next(self._vhosts)

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as the superuser."""
        self.need(POSTGRES)
        return postgres_provision.connect(self.state, database)

    def new_database(self, service: str, *, empty: bool = False) -> str:
        """Make a database of *service* at its newest form, or without tables; give its name."""
        self.need(POSTGRES)
        name = f"{service}_{secrets.token_hex(4)}"
        if not empty:
            self._migrate(service)
        statement = sql.SQL("create database {} owner {} template {}").format(
            sql.Identifier(name),
            sql.Identifier(f"{service}_owner"),
            sql.Identifier("template1" if empty else service),
        )
        groups = [sql.Identifier(f"{service}_{group}") for group in ("serve", "work")]
        self._databases.append(name)
        with self.connect("postgres") as connection:
            connection.execute(statement)
            for order in ("revoke all on database {} from public", "grant connect on database {}"):
                grants = sql.SQL(order).format(sql.Identifier(name))
                if order.startswith("grant"):
                    grants += sql.SQL(" to ") + sql.SQL(", ").join(groups)
                connection.execute(grants)
        return name

    def _version(self, name: str) -> str:
        """Ask a server which version it is."""
        match name:
            case "postgres":
                with postgres_provision.connect(self.state, "postgres") as connection:
                    (version,) = connection.execute("show server_version").fetchall()[0]
            case "vault":
                health = requests.get(
                    f"{vault_server.url(self.state)}/v1/sys/health",
                    verify=str(self.state / "tls/ca.pem"),
                    timeout=5,
                )
                version = health.json()["version"]
            case _:
                user, password = next(iter(self.broker_passwords().items()))
                port, ca_file = self.state.port("rabbitmq"), self.state / "tls/ca.pem"
                connected = connect(
                    Broker("127.0.0.1", port, definitions.VHOST, user, password, ca_file)
                )
                version = connected.server_properties["version"]
                connected.close()
        return str(version)

    def _migrate(self, service: str) -> None:
        """Bring the database that is copied to its newest form, once."""
        if service in self._migrated:
            return

        def connect() -> psycopg.Connection[tuple[Any, ...]]:
            connection = self.connect(service)
            connection.autocommit = False
            return connection

        engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
        upgrade(engine, f"{service}_owner", f"services.{service}.migrations")
        engine.dispose()
        self._migrated.add(service)

    def _make_passwords(self) -> None:
        """
        Make the workers' passwords, with the same users and rights in every virtual host.

        Kept besides: provisioning hands the stack's own copy to Vault and removes it.
        """
        state = self.state
        if (state / PASSWORDS).exists():
            return
        definitions.make(state, None)
        write_private(state / PASSWORDS, (state / definitions.FOR_VAULT).read_text())
        file = state / definitions.DEFINITIONS
        known = json.loads(file.read_text())
        known["vhosts"] += [{"name": name} for name in VHOSTS]
        rights = known["permissions"]
        known["permissions"] = [
            each | {"vhost": name} for name in (definitions.VHOST, *VHOSTS) for each in rights
        ]
        write_private(file, json.dumps(known), user=self.lane.broker_user())

    def stop(self) -> None:
        """Stop everything; a server that stays is left without our databases."""
        try:
            if self.lane.stays:
                self._drop_databases()
        finally:
            self.lane.stop()

    def _drop_databases(self) -> None:
        drop = sql.SQL("drop database if exists {} with (force)")
        for name in self._databases:
            with self.connect("postgres") as connection:
                connection.execute(drop.format(sql.Identifier(name)))
