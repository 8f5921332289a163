"""Databases of one test file's own, with logins as Vault would make them."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
from psycopg import sql

from common.config import DatabaseSettings
from common.errors import TryAgain
from tests.kit.servers.session import Servers


class Databases:
    """An empty database for each service that is asked about; `away` makes logins fail."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._names: dict[str, str] = {}
        self.away = False
        self.seconds = 3600

    def connect(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as the superuser."""
        return self._servers.connect(self._name(service))

    def settings(self, service: str, process: str) -> DatabaseSettings:
        """Give the settings of a process of *service*, such as `serve`."""
        return DatabaseSettings(
            host="127.0.0.1",
            port=self._servers.state.port("postgres"),
            name=self._name(service),
            ca_file=self._servers.state / "tls/ca.pem",
            vault_role=f"{service}-{process}",
        )

    def database_login(self, role: str) -> tuple[str, str, str, int]:
        """Make a login for *role*, such as `cases-serve`, a member of the group of that name."""
        if self.away:
            raise TryAgain
        service, _, process = role.partition("-")
        group = f"{service}_owner" if process == "migrate" else f"{service}_{process}"
        user, password = f"v-{role}-{secrets.token_hex(4)}", secrets.token_urlsafe()
        make = sql.SQL("create role {} login password {} in role {}").format(
            sql.Identifier(user), sql.Literal(password), sql.Identifier(group)
        )
        with self._servers.connect("postgres") as connection:
            connection.execute(make)
        return user, password, f"database/creds/{role}/{user}", self.seconds

    def _name(self, service: str) -> str:
        if service not in self._names:
            self._names[service] = self._servers.new_database(service, empty=True)
        return self._names[service]
