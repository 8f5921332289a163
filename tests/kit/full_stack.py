"""The whole stack for tests that follow a call through all of it, with the people of the demo."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from deploy.demo import people
from deploy.demo.people import Person
from deploy.state import CHECKOUT, State


@attrs.frozen
class FullStack:
    """A running stack, and people signed in to it."""

    state: State
    manager: Person
    adviser: Person
    student: Person

    def http(self, who: Person | None = None) -> httpx.Client:
        """Give a client for JSON calls, with the session of *who*."""
        return httpx.Client(
            base_url=f"https://{people.address(self.state)}",
            verify=ssl.create_default_context(cafile=self.state / "tls/ca.pem"),
            trust_env=False,
            headers={"authorization": f"Bearer {who.token}"} if who else {},
        )


@contextmanager
def full_stack(port_base: int) -> Iterator[FullStack]:
    """Start a stack of its own, sign people in, and remove everything afterwards."""
    # Not pytest's folder: that is closed to the users that the servers run as.
    with tempfile.TemporaryDirectory(prefix="sas-walks-") as folder:
        Path(folder).chmod(0o755)
        state = State(root=Path(folder) / "state", port_base=port_base)
        try:
            _stack(state, "up")
            people.appoint_first_manager(state)
            manager = people.sign_in(state, "grace")
            people.admit_colleagues(state, manager)
            yield FullStack(
                state=state,
                manager=manager,
                adviser=people.sign_in(state, "ada"),
                student=people.sign_in(state, "student-one"),
            )
        finally:
            _stack(state, "clean")


def _stack(state: State, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.stack", command],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "SAS_STATE": str(state.root),
            "SAS_PORT_BASE": str(state.port_base),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
