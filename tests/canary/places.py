"""
Everywhere that something can leave by the side: each place as bytes, to be searched.

A place is read as whoever holds it would: the database's superuser, the broker's administrator,
an operator with the logs and the traces, anybody else on the machine with the process list.
"""

from __future__ import annotations

import json
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import amqp

from deploy.demo import behind
from deploy.postgres.provision import SERVICES
from deploy.state import State

SPY_QUEUE = "cases.Spy"
BROKERS_USER = "cases-work"
SAMPLED_EVERY_SECONDS = 0.05


class Processes:
    """What the process list showed of the stack's processes, looked at again and again."""

    def __init__(self, state: State) -> None:
        self._mark = str(state.root).encode()
        self._seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, daemon=True)

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """Note arguments and environment of everything that has to do with the stack."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                shown = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                continue
            if self._mark in b"".join(shown):
                self._seen.update(shown)

    def shown(self) -> bytes:
        """Give all that was ever seen."""
        return b"\n".join(self._seen)

    def _keep_looking(self) -> None:
        while not self._over.wait(SAMPLED_EVERY_SECONDS):
            self.look()


class Spy:
    """Reads every message that goes through the exchange `events`, headers and all."""

    def __init__(self, channel: amqp.Channel) -> None:
        self.channel = channel
        self._read: list[bytes] = []
        channel.queue_declare(SPY_QUEUE, durable=False, exclusive=False, auto_delete=False)
        channel.queue_bind(SPY_QUEUE, "events", "#")

    def messages(self) -> list[bytes]:
        """Give all messages since the spy began."""
        while (message := self.channel.basic_get(SPY_QUEUE, no_ack=True)) is not None:
            body = message.body if isinstance(message.body, bytes) else message.body.encode()
            about = repr((message.properties, message.delivery_info)).encode()
            self._read.append(about + b"\n" + body)
        return self._read


@contextmanager
def spy(state: State) -> Iterator[Spy]:
    """Bind a queue of our own to the exchange of events for the time of the block."""
    with behind.vault_as(state, BROKERS_USER) as vault:
        login = vault.secret(f"rabbitmq/{BROKERS_USER}")
    with amqp.Connection(
        host=f"127.0.0.1:{state.port('rabbitmq')}",
        userid=login["username"],
        password=login["password"],
        virtual_host="sas",
        ssl={
            "ca_certs": str(state / "tls/ca.pem"),
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": "localhost",
        },
    ) as connection:
        found = Spy(connection.channel())
        try:
            yield found
        finally:
            found.channel.queue_delete(SPY_QUEUE)


def all_places(state: State, processes: Processes, spied: Spy) -> Mapping[str, Callable[[], bytes]]:
    """Give what reads each place, by the place's name."""
    return {
        "logs": lambda: files(state / "log"),
        "spans": lambda: spans(state),
        "broker": lambda: b"\n".join(spied.messages()),
        **{f"database {each}": lambda each=each: dump(state, each) for each in SERVICES},  # type: ignore[misc]
        "vault audit": lambda: (state / "vault/audit.log").read_bytes(),
        "processes": processes.shown,
        "mail": lambda: files(state / "mail"),
        "file names": lambda: file_names(state),
        "gateway": lambda: files(state / "gateway"),
        "settings": lambda: files(state / "etc"),
        "witness": lambda: files(state / "witness"),
        "servers' own files": lambda: b"".join(
            files(state / each) for each in ("postgres", "rabbitmq", "vault", "run")
        ),
    }


def files(folder: Path) -> bytes:
    """Give the contents of all files below *folder*."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            try:
                found.append(path.read_bytes())
            except FileNotFoundError:  # it was there a moment ago
                continue
    return b"\n".join(found)


def spans(state: State) -> bytes:
    """Give every span with all that stands in it."""
    connection = sqlite3.connect(state / "telemetry/spans.db")
    try:
        rows = connection.execute("select * from spans").fetchall()
    finally:
        connection.close()
    return json.dumps(rows, ensure_ascii=False).encode()


def dump(state: State, database: str) -> bytes:
    """Give the whole database as SQL; bytes are in hexadecimal there."""
    return behind.dump(state, database).encode()


def file_names(state: State) -> bytes:
    """Give the names of all files that the stack has."""
    return "\n".join(str(path.relative_to(state.root)) for path in state.root.rglob("*")).encode()
