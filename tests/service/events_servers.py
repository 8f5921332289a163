"""PostgreSQL and RabbitMQ for the tests of events: the stack's own servers, in a private place."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from common.events.broker import Broker, connect
from common.outbox import create_tables_1
from deploy.certificates import make_root
from deploy.postgres import provision
from deploy.postgres import server as postgres
from deploy.rabbitmq import definitions
from deploy.rabbitmq import server as rabbitmq
from deploy.state import State
from deploy.supervisor.process import Command

PORT_BASE = int(os.environ.get("SAS_TEST_EVENTS_PORT_BASE", "25000"))
CHECKOUT = Path(__file__).resolve().parent.parent.parent

EFFECTS = """
create table effects (record text not null, trace text not null);
create table cure (cured boolean not null);
insert into cure values (false);
grant select, insert on effects to reports_work;
grant select on cure to reports_work;
"""


def wait_until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until *what* is so; any error means that it is not so yet."""
    until = time.monotonic() + seconds
    error: Exception | None = None
    while time.monotonic() < until:
        try:
            if what():
                return
        except Exception as caught:
            error = caught
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s") from error


class Servers:
    """One PostgreSQL with the databases `cases` and `reports`, and one RabbitMQ."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._passwords: dict[str, str] = {}

    def start(self) -> None:
        """Start both, with databases, roles and users made."""
        make_root(self.state)
        postgres.prepare(self.state)
        rabbitmq.prepare(self.state)
        self._passwords = json.loads((self.state / definitions.FOR_VAULT).read_text())
        self._spawn("epmd", rabbitmq.port_mapper_command(self.state))
        self.start_database()
        wait_until(self._answers(rabbitmq.port_mapper_ready))
        self.start_broker()
        provision.provision(self.state)
        for service in ("cases", "reports"):
            self._make_tables(service)

    def start_database(self) -> None:
        """Start PostgreSQL and wait for it."""
        self._spawn("postgres", postgres.command(self.state))
        wait_until(self._answers(postgres.ready))

    def start_broker(self) -> None:
        """Start RabbitMQ and wait for it."""
        self._spawn("rabbitmq", rabbitmq.command(self.state))
        wait_until(self._answers(rabbitmq.ready), 60)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Stop a server at once, as a power cut would."""
        server = self._running.pop(name)
        os.killpg(server.pid, number)
        server.wait()

    def stop(self) -> None:
        """Stop everything."""
        for name in ("rabbitmq", "epmd"):
            self.kill(name)
        self.kill("postgres", signal.SIGQUIT)

    def broker(self, process: str) -> Broker:
        """Give the broker as the worker *process* sees it."""
        return Broker(
            "127.0.0.1",
            self.state.port("rabbitmq"),
            definitions.VHOST,
            process,
            self._passwords[process],
            self.state / "tls/ca.pem",
        )

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Connect as the superuser."""
        return provision.connect(self.state, database)

    def purge(self, queue: str) -> None:
        """Empty a queue."""
        connection = connect(self.broker("reports-work"))
        connection.channel().queue_purge(queue)
        connection.close()

    def worker_settings(self, service: str) -> Path:
        """Write what `events_worker.py` needs for one service's worker; give the file."""
        password = secrets.token_urlsafe()
        login = f"{service}_{secrets.token_hex(4)}"
        with self.connect(service) as connection:
            connection.execute(
                sql.SQL("create role {} login password {} in role {}").format(
                    sql.Identifier(login), sql.Literal(password), sql.Identifier(f"{service}_work")
                )
            )
        path = self.state / f"etc/{service}-work-{login}.json"
        path.write_text(
            json.dumps(
                {
                    "process": f"{service}-work",
                    "state": str(self.state.root),
                    "ca_file": str(self.state / "tls/ca.pem"),
                    "database_port": self.state.port("postgres"),
                    "database_login": [login, password],
                    "rabbitmq_port": self.state.port("rabbitmq"),
                    "rabbitmq_login": [f"{service}-work", self._passwords[f"{service}-work"]],
                }
            )
        )
        return path

    def _spawn(self, name: str, command: Command) -> None:
        become = ["/usr/bin/setpriv", "--pdeathsig=KILL"]
        if command.user is not None:
            become += ["--reuid", command.user, "--regid", command.user, "--init-groups"]
        with (self.state / f"log/{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*become, "--", *command.argv],
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self, ready: Callable[[State], None]) -> Callable[[], bool]:
        def answers() -> bool:
            ready(self.state)
            return True

        return answers

    def _make_tables(self, service: str) -> None:
        with self.connect(service) as connection, connection.transaction():
            connection.execute(
                sql.SQL("set local role {}").format(sql.Identifier(f"{service}_owner"))
            )
            create_tables_1(lambda statement: connection.execute(statement.encode()), service)
            if service == "reports":
                connection.execute(EFFECTS)


class Worker:
    """A worker process, which the tests may kill and start again."""

    def __init__(self, settings: Path, log: Path) -> None:
        self._settings = settings
        self._log = log
        details = json.loads(settings.read_text())
        self.ready_file = Path(details["state"]) / "run" / f"{details['process']}.ready"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.ready_file.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.service.events_worker", str(self._settings)],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self.ready_file.exists, 20)
        except AssertionError:
            self.kill()
            raise

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """Ask it to stop, and give its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(timeout=15)

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text()


@contextmanager
def servers() -> Iterator[Servers]:
    """Run the servers in a place of their own."""
    place = Path(tempfile.mkdtemp(prefix="sas-events-", dir="/tmp"))
    place.chmod(0o755)
    running = Servers(State(root=place, port_base=PORT_BASE).prepare())
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(place, ignore_errors=True)
