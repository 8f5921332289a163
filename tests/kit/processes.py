"""Our own processes for tests, from the stack's list, without its supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import TimeoutExpired

from deploy.preparation import prepare_process
from deploy.processes import PROCESSES
from deploy.state import State
from tests.kit.servers.spawn import Program, kill, spawn, wait_until

START_SECONDS = 60


class Processes:
    """Processes that run in the folder of one house. One that ends stays ended."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known = {process.name: process for process in PROCESSES}
        self._running: dict[str, Program] = {}

    def start(self, *names: str) -> None:
        """Start processes side by side, each with a fresh login, and wait until all are ready."""
        for name in names:
            process = self._known[name]
            prepare_process(self._state, process)
            log = self._state / f"log/{name}.log"
            self._running[name] = spawn(process.command(self._state), log)
        for name in names:
            self._wait(name)

    def stop(self, name: str) -> None:
        """Stop one in the way the supervisor does."""
        program, process = self._running.pop(name), self._known[name]
        program.send_signal(process.stop_signal)
        try:
            program.wait(process.stop_seconds)
        except TimeoutExpired:
            kill(program)

    def pid(self, name: str) -> int:
        """Give the process id of one that runs."""
        return self._running[name].pid

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Stop one for the time of the block."""
        self.stop(name)
        try:
            yield
        finally:
            self.start(name)

    def close(self) -> None:
        """End all at once; what they would have finished goes away with the house."""
        for name in list(self._running):
            kill(self._running.pop(name))

    def _wait(self, name: str) -> None:
        program, process = self._running[name], self._known[name]

        def ready() -> None:
            if program.poll() is None:
                process.ready(self._state)

        wait_until(ready, START_SECONDS, pause=0.1)
        if program.poll() is not None:
            log = (self._state / f"log/{name}.log").read_text(errors="replace")
            raise AssertionError(f"{name} ended with {program.returncode}:\n{log[-3000:]}")
