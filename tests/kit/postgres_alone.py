"""The stack's own PostgreSQL, alone, in a private place, with logins as Vault would make them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from common.config import DatabaseSettings
from common.errors import TryAgain
from deploy.certificates import make_root
from deploy.postgres import provision, server
from deploy.state import State

PORT_BASE = int(os.environ.get("SAS_TEST_POSTGRES_PORT_BASE", "23000"))


class PostgresAlone:
    """A server that can be stopped and started, and the logins to it; `away` makes those fail."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.away = False
        self.seconds = 3600
        self.logins = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes clients."""
        command = server.command(self.state)
        become = ["/usr/bin/setpriv", "--pdeathsig=KILL"]
        if command.user is not None:
            become += ["--reuid", command.user, "--regid", command.user, "--init-groups"]
        with (self.state / "log/postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*become, "--", *command.argv],
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 30
        while True:
            try:
                server.ready(self.state)
                break
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def settings(self, service: str, process: str) -> DatabaseSettings:
        """Give the settings of a process of *service*, such as `serve`."""
        return DatabaseSettings(
            host="127.0.0.1",
            port=self.state.port("postgres"),
            name=service,
            ca_file=self.state / "tls/ca.pem",
            vault_role=f"{service}-{process}",
        )

    def database_login(self, role: str) -> tuple[str, str, str, int]:
        """Make a login for *role*, such as `cases-serve`, a member of the group of that name."""
        if self.away:
            raise TryAgain
        self.logins += 1
        service, _, process = role.partition("-")
        group = f"{service}_owner" if process == "migrate" else f"{service}_{process}"
        user, password = f"v-{role}-{secrets.token_hex(4)}", secrets.token_urlsafe()
        make = sql.SQL("create role {} login password {} in role {}").format(
            sql.Identifier(user), sql.Literal(password), sql.Identifier(group)
        )
        with provision.connect(self.state, "postgres") as connection:
            connection.execute(make)
        return user, password, f"database/creds/{role}/{user}", self.seconds


@contextmanager
def postgres_alone() -> Iterator[PostgresAlone]:
    """Run a server with the databases and groups of all services, and remove it afterwards."""
    place = Path(tempfile.mkdtemp(prefix="sas-postgres-", dir="/tmp"))  # for its user
    place.chmod(0o755)
    state = State(root=place, port_base=PORT_BASE).prepare()
    make_root(state)
    server.prepare(state)
    running = PostgresAlone(state)
    try:
        running.start()
        provision.provision(state)
        yield running
    finally:
        running.stop()
        shutil.rmtree(place)
