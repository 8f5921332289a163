"""Two services' databases and a virtual host, with nothing in them but what events need."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sas.cases.v1.events_pb2 import CaseFactsRecorded
from sqlalchemy import create_engine

from common import outbox
from common.events.broker import Broker, connect
from common.events.parking import parked
from common.events.topology import Queue
from common.outbox import create_tables_1
from deploy.state import CHECKOUT
from tests.kit import house_state
from tests.kit.servers.session import Servers
from tests.kit.servers.spawn import wait_until

EVENT = CaseFactsRecorded.DESCRIPTOR.full_name
WAITS_MS = (100, 200, 400)
"""Before each new try; short, so that a test sees the end of them."""
QUEUE = Queue("reports", EVENT, WAITS_MS)

EFFECTS = """
create table effects (record text not null, trace text not null);
create table cure (cured boolean not null);
insert into cure values (false);
grant select, insert on effects to reports_work;
grant select on cure to reports_work;
"""


class House:
    """The databases of cases and reports, and the broker between them."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.state = house_state.make(servers.state)
        self._vhost = servers.vhost()
        self._passwords = servers.broker_passwords()
        self._databases = {
            service: servers.new_database(service, empty=True) for service in ("cases", "reports")
        }
        for service in self._databases:
            self._make_tables(service)

    def broker(self, process: str) -> Broker:
        """Give the broker as the worker *process* sees it."""
        return Broker(
            "127.0.0.1",
            self.state.port("rabbitmq"),
            self._vhost,
            process,
            self._passwords[process],
            self.state / "tls/ca.pem",
        )

    def connect(self, service: str) -> psycopg.Connection[Any]:
        """Connect as the superuser."""
        return self.servers.connect(self._databases[service])

    def purge(self, queue: str) -> None:
        """Empty a queue."""
        connection = connect(self.broker("reports-work"))
        connection.channel().queue_purge(queue)
        connection.close()

    def send(self, records: list[str]) -> None:
        """Let one event happen for each of *records*, each in a transaction of its own."""

        def connect() -> Any:
            connection = self.connect("cases")
            connection.autocommit = False
            return connection

        engine = create_engine("postgresql+psycopg://", creator=connect)
        with engine.connect() as connection:
            for record in records:
                outbox.put(connection, CaseFactsRecorded(record=record, cohort=2025))
                connection.commit()
        engine.dispose()

    def effects(self, records: list[str]) -> Counter[str]:
        """How often each of *records* has had its effect."""
        query = "select record from effects where record = any(%s)"
        with self.connect("reports") as connection:
            return Counter(record for (record,) in connection.execute(query, (records,)))

    def outbox_is_empty(self) -> bool:
        """Whether everything was sent."""
        with self.connect("cases") as connection:
            return connection.execute("select from outbox").fetchone() is None

    def each_once(self, records: list[str], seconds: float = 60) -> None:
        """Wait until all have arrived; then see that nothing came twice and nothing is left."""
        wait_until(lambda: self.effects(records).keys() == set(records), seconds)
        wait_until(self.outbox_is_empty)
        assert self.effects(records) == Counter(records)
        assert parked(self.broker("reports-work"), [QUEUE]) == []

    def worker_settings(self, service: str) -> Path:
        """Write what worker.py needs for one service's worker; give the file."""
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
                    "waits_ms": WAITS_MS,
                    "database": self._databases[service],
                    "database_port": self.state.port("postgres"),
                    "database_login": [login, password],
                    "vhost": self._vhost,
                    "rabbitmq_port": self.state.port("rabbitmq"),
                    "rabbitmq_login": [f"{service}-work", self._passwords[f"{service}-work"]],
                }
            )
        )
        return path

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
                [sys.executable, "-m", "tests.service.events.worker", str(self._settings)],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self.ready_file.exists, 30)
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
def opened(servers: Servers) -> Iterator[House]:
    """Make it, and remove it afterwards."""
    house = House(servers)
    yield house
    house.state.clear()
