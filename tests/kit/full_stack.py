"""
The whole stack for tests that follow a call through all of it, with the people of the demo.

Such tests share one stack (the fixture `stack`). To try a test again and again, let it use one that
runs already: `SAS_TEST_STACK=var SAS_TEST_STACK_PORT_BASE=17000` for that of `make up`.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from clients.gateway import Gateway
from deploy.demo import people
from deploy.demo.people import Person
from deploy.state import CHECKOUT, State
from deploy.supervisor.supervisor import order
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.spawn import wait_until

RUNNING = os.environ.get("SAS_TEST_STACK")

SIGN_IN_AGAIN_SECONDS = 8 * 60
"""A staff session ends when it was idle for ten minutes; other tests may have taken that long."""

_STACK = (sys.executable, "-m", "deploy.stack")

ONE_CALL_OF_EACH_SERVICE = ("/v1/session", "/v1/cases", "/v1/ledger/checkpoint", "/v1/reports")


@attrs.define
class FullStack:
    """A running stack, and people signed in to it."""

    state: State
    _signed_in: dict[str, tuple[Person, float]] = attrs.field(factory=dict, repr=False)

    @property
    def manager(self) -> Person:
        """Grace, who also gave the others their roles."""
        return self.person("grace")

    @property
    def adviser(self) -> Person:
        """Ada, who advises the student."""
        return self.person("ada")

    @property
    def colleague(self) -> Person:
        """Mary, another adviser."""
        return self.person("mary")

    @property
    def student(self) -> Person:
        """The student whom Ada advises."""
        return self.person("student-one")

    @property
    def other_student(self) -> Person:
        """A student who has nothing to do with the first."""
        return self.person("student-two")

    def person(self, username: str) -> Person:
        """Give somebody signed in, with a session that was used lately."""
        person, used = self._signed_in.get(username, (None, 0.0))
        if person is None or time.monotonic() - used > SIGN_IN_AGAIN_SECONDS:
            person = people.sign_in(self.state, username)
        self._signed_in[username] = person, time.monotonic()
        return person

    def forget_sessions(self) -> None:
        """Sign people in anew when they are next needed: somebody else has signed in as them."""
        self._signed_in.clear()

    def anybody(self) -> Gateway:
        """Give a connection without a session."""
        return Gateway(people.address(self.state), self.state / "tls/ca.pem")

    def http(self, who: Person | None = None) -> httpx.Client:
        """Give a client for JSON calls, with the session of *who*."""
        return httpx.Client(
            base_url=f"https://{people.address(self.state)}",
            verify=ssl.create_default_context(cafile=self.state / "tls/ca.pem"),
            trust_env=False,
            timeout=30,
            headers={"authorization": f"Bearer {who.token}"} if who else {},
        )

    def tell(self, what: str, process: str) -> None:
        """Give an order to the supervisor: stop, start, restart or kill a process."""
        order(self.state, what, name=process)

    def process(self, name: str) -> dict[str, Any]:
        """Give what the supervisor knows of one process."""
        rows: list[dict[str, Any]] = order(self.state, "status", ask=True)["processes"]
        return next(row for row in rows if row["name"] == name)

    def is_well(self) -> bool:
        """Whether every process is as it should be, and the gateway has noticed, too."""
        rows = order(self.state, "status", ask=True)["processes"]
        if not all(row["stage"] in ("ready", "done") and not row["why"] for row in rows):
            return False
        with self.http(self.manager) as manager:
            return all(manager.get(path).is_success for path in ONE_CALL_OF_EACH_SERVICE)


@contextmanager
def full_stack() -> Iterator[FullStack]:
    """Start a stack of its own, give people their roles, and remove everything afterwards."""
    if RUNNING is not None:
        yield with_people(State(root=Path(RUNNING).resolve(), port_base=_running_port_base()))
        return
    # Not pytest's folder: that is closed to the users that the servers run as.
    with tempfile.TemporaryDirectory(prefix="sas-whole-") as folder:
        Path(folder).chmod(0o755)
        state = State(root=Path(folder) / "state", port_base=free_port_base())
        with _running(state, Path(folder) / "up.log"):
            yield with_people(state)


def with_people(state: State) -> FullStack:
    """Give the manager and the advisers their roles; students need none."""
    stack = FullStack(state)
    people.appoint_first_manager(state)
    people.admit_colleagues(state, stack.manager)
    return stack


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    """Whether *true* becomes so in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _running_port_base() -> int:
    return int(os.environ.get("SAS_TEST_STACK_PORT_BASE", "17000"))


@contextmanager
def _running(state: State, log: Path) -> Iterator[None]:
    """Run it as a child of ours, so that it ends with us, also if somebody kills us."""
    with log.open("wb") as output:
        program = subprocess.Popen(
            ["/usr/bin/setpriv", "--pdeathsig=TERM", "--", *_STACK, "up", "--foreground"],
            cwd=CHECKOUT,
            env=_environment(state),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: program.poll() is not None or b"Ready after" in log.read_bytes(), 300)
        assert program.poll() is None, log.read_text(errors="replace")
        yield
    finally:
        _stack(state, "clean")
        program.kill()
        program.wait()


def _environment(state: State) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SAS_STATE": str(state.root),
        "SAS_PORT_BASE": str(state.port_base),
    }


def _stack(state: State, command: str) -> None:
    done = subprocess.run(
        [*_STACK, command],
        cwd=CHECKOUT,
        env=_environment(state),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
