"""The stack comes up, mends itself, goes down, and leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import amqp
import psycopg
import pytest

from deploy.state import CHECKOUT, State
from tests.kit.servers.ports import free_port_base

EVERYTHING = ""
SERVERS = "postgres,provision-postgres,vault,rabbitmq,mail"


class Stack:
    """A stack of the test's own, of Debian's and Vault's servers only."""

    def __init__(self) -> None:
        # Not pytest's folder: that is closed to the users that the servers run as.
        self.folder = Path(tempfile.mkdtemp(prefix="sas-stack-"))
        self.folder.chmod(0o755)
        self.state = State(root=self.folder / "state", port_base=free_port_base())

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the stack."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.stack", *arguments],
            cwd=CHECKOUT,
            env={
                "PATH": os.environ["PATH"],
                "SAS_STATE": str(self.state.root),
                "SAS_PORT_BASE": str(self.state.port_base),
            },
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )

    def up(self, only: str = SERVERS) -> None:
        """Start, and expect it to work."""
        done = self("up", "--only", only)
        assert done.returncode == 0, done.stdout + done.stderr

    def row(self, name: str) -> str:
        """Return the line of *name* in `status`."""
        lines = self("status").stdout.splitlines()
        return next(line for line in lines if line.startswith(f"{name} "))

    def pid(self, which: str) -> int:
        """Return the process id of `guard` or `supervisor`."""
        return int((self.state / f"run/{which}.pid").read_text())

    def processes(self) -> list[str]:
        """
        Return the command lines of everything alive that belongs to this stack.

        That is what names its state directory (or has it as its home) or its port mapper's port.
        """
        marks = (str(self.state.root), f"-port\0{self.state.port('epmd')}")
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal() or int(entry.name) == os.getpid():
                continue
            try:
                text = (entry / "cmdline").read_text() + (entry / "environ").read_text()
                line = (entry / "cmdline").read_text()
            except (OSError, UnicodeDecodeError):
                continue
            if any(mark in text for mark in marks):
                found.append(f"{entry.name} {line[:80]}".replace("\0", " "))
        return found

    def remove(self) -> None:
        """Stop it and remove its files."""
        self("clean")
        shutil.rmtree(self.folder)


@pytest.fixture(name="stack")
def fixture_stack() -> Iterator[Stack]:
    """Give a stack that is gone after the test."""
    stack = Stack()
    yield stack
    stack.remove()


def eventually(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether *true* becomes so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.2)
    return true()


def test_the_servers_come_up_mend_and_go_down(stack: Stack) -> None:
    """One story, because a start takes some seconds."""
    stack.up()
    shown = stack("status")
    assert shown.returncode == 0, shown.stdout
    assert "already" in stack("up", "--only", SERVERS).stdout

    # What dies is started again, and it can be seen that it was.
    stack("kill", "vault")
    assert eventually(
        20, lambda: " ready " in stack.row("vault") and "SIGKILL" in stack.row("vault")
    )
    assert eventually(20, lambda: stack("status").returncode == 0)

    # What is stopped stays so, until it is started.
    stack("stop", "mail")
    time.sleep(1.5)
    assert " stopped " in stack.row("mail")
    stack("start", "mail")
    assert eventually(10, lambda: " ready " in stack.row("mail"))

    the_broker_has_no_guest_and_keeps_workers_apart(stack.state)
    the_database_keeps_words_out_of_its_log(stack.state)
    nobody_else_can_give_orders(stack.state)

    assert stack("down").returncode == 0
    assert stack.processes() == []
    assert stack("status").returncode == 1


def the_broker_has_no_guest_and_keeps_workers_apart(state: State) -> None:
    """A worker can make the queue of another service's reader, and can't read it."""
    passwords = json.loads((state / "secrets/rabbitmq.json").read_text())

    def broker(user: str, password: str) -> amqp.Connection:
        return amqp.Connection(
            host=f"127.0.0.1:{state.port('rabbitmq')}",
            userid=user,
            password=password,
            virtual_host="sas",
            ssl={
                "ca_certs": str(state / "tls/ca.pem"),
                "cert_reqs": ssl.CERT_REQUIRED,
                "server_hostname": "localhost",
            },
        )

    with pytest.raises(amqp.AccessRefused):
        broker("guest", "guest").connect()
    with broker("cases-work", passwords["cases-work"]) as connection:
        channel = connection.channel()
        channel.queue_declare("reports.CaseFactsRecorded", durable=True, auto_delete=False)
        with pytest.raises(amqp.AccessRefused):
            channel.basic_get("reports.CaseFactsRecorded")


def the_database_keeps_words_out_of_its_log(state: State) -> None:
    """Not even a failed statement, whose message quotes what was wrong, is logged."""
    password = (state / "secrets/postgres-superuser").read_text()
    with (
        psycopg.connect(
            host=str(state / "postgres/socket"),
            port=state.port("postgres"),
            user="postgres",
            password=password,
            dbname="cases",
        ) as connection,
        pytest.raises(psycopg.DataError),
    ):
        connection.execute("SELECT 'her very words'::uuid")
    assert "very words" not in (state / "log/postgres.log").read_text()
    with pytest.raises(psycopg.OperationalError, match="rejects"):
        psycopg.connect(
            host="127.0.0.1",
            port=state.port("postgres"),
            user="postgres",
            password=password,
            sslmode="verify-full",
            sslrootcert=str(state / "tls/ca.pem"),
        )


def nobody_else_can_give_orders(state: State) -> None:
    """The control socket and the secrets are ours alone."""
    assert (state / "run/stack.sock").stat().st_mode & 0o077 == 0
    assert (state / "secrets").stat().st_mode & 0o077 == 0
    for file in (state / "secrets").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name


@pytest.mark.parametrize(
    ("victim", "only"),
    [("supervisor", EVERYTHING), ("guard", SERVERS)],
    ids=["supervisor", "guard"],
)
def test_nothing_is_left_behind_when_what_watches_is_killed(
    stack: Stack, victim: str, only: str
) -> None:
    """Be it the supervisor or the guard above it; after that the stack can be started anew."""
    stack.up(only)
    os.kill(stack.pid(victim), signal.SIGKILL)
    assert eventually(15, lambda: stack.processes() == []), stack.processes()
    stack.up("postgres")


def test_a_taken_port_is_named(stack: Stack) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", stack.state.port("mail"))):
        refused = stack("up", "--only", "mail")
    assert refused.returncode == 1
    assert f"port {stack.state.port('mail')} (mail) is taken" in refused.stderr
    assert stack.processes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as other users")
def test_a_checkout_that_others_cannot_reach_keeps_its_state_elsewhere(stack: Stack) -> None:
    """Such as one under /root; the state directory is then a link."""
    stack.folder.chmod(0o700)
    stack.up("postgres")
    elsewhere = stack.state.root.resolve()
    assert elsewhere.is_relative_to("/var/lib/sas")
    stack("clean")
    assert not elsewhere.exists()
    assert not stack.state.root.is_symlink()


@pytest.mark.long
def test_two_stacks_live_side_by_side(stack: Stack) -> None:
    """They differ in their state directory and their port base."""
    other = Stack()
    try:
        stack.up()
        other.up()
        assert stack("status").returncode == other("status").returncode == 0
        stack("down")
        assert other("status").returncode == 0
    finally:
        other.remove()
