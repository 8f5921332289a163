"""One process under supervision: started, watched, started again when it ends, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from deploy.state import State, StateError
from deploy.supervisor.logs import Log
from deploy.supervisor.process import Command, NotReady, Process

LONGEST_PAUSE = 10.0
"""Seconds between two starts of something that keeps failing; the first pause is half a second."""
SETTLED = 30.0
"""Seconds that a process must have been ready for its earlier failures to be forgotten."""
PROBE_PAUSE = 0.2


class Stage(enum.StrEnum):
    """Where a process is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    PAUSING = "pausing"
    STOPPED = "stopped"


class Child:
    """Keeps one process of the list running."""

    def __init__(
        self, state: State, process: Process, prepare: Callable[[Process], None], log: Log
    ) -> None:
        self.state = state
        self.process = process
        self.prepare = prepare
        self.log = log
        self.stage = Stage.WAITING
        self.since = time.monotonic()
        self.first_started: float | None = None
        self.ready_after: float | None = None
        self.popen: subprocess.Popen[bytes] | None = None
        self.exited = asyncio.Event()
        self.was_ready = asyncio.Event()
        self.wanted = True
        self.failures = 0
        self.restarts = 0
        self.last_exit: int | None = None
        self.why = ""
        self.task: asyncio.Task[None] | None = None

    def enter(self, stage: Stage) -> None:
        """Note that the process is now in *stage*."""
        self.stage, self.since = stage, time.monotonic()

    async def keep(self, needs: list[Child]) -> None:
        """Start the process when its needs have been ready once, and again whenever it ends."""
        for need in needs:
            await need.was_ready.wait()
        while self.wanted:
            await self.run_once()
            if self.stage == Stage.DONE or not self.wanted:
                break
            self.failures += 1
            self.restarts += 1
            self.enter(Stage.PAUSING)
            await asyncio.sleep(min(0.25 * 2**self.failures, LONGEST_PAUSE))
        if self.stage != Stage.DONE:
            self.enter(Stage.STOPPED)

    async def run_once(self) -> None:
        """Run the process from its preparation to its end."""
        self.first_started = self.first_started or time.monotonic()
        self.enter(Stage.STARTING)
        try:
            if await asyncio.to_thread(self.process.unneeded, self.state):
                self.succeed(Stage.DONE)
                return
            await asyncio.to_thread(self.prepare, self.process)
            command = await asyncio.to_thread(self.process.command, self.state)
            if not self.wanted:
                return
            self.start(command)
        except Exception as error:
            self.why = f"can't be started: {reason(error)}"
            self.note(self.why)
            return
        probing = None if self.process.once else asyncio.create_task(self.probe_until_ready())
        await self.exited.wait()
        if probing is not None:
            probing.cancel()
        self.cleaned_up()

    def start(self, command: Command) -> None:
        """
        Start the program in a session of its own, to die with us.

        Must run in the main thread: "parent" in PR_SET_PDEATHSIG is the thread that started it.
        """
        death = "INT" if self.process.stop_signal == signal.SIGINT else "TERM"
        runner = ["/usr/bin/setpriv", f"--pdeathsig={death}"]
        if command.user is not None:
            runner += ["--reuid", command.user, "--regid", command.user, "--init-groups"]
        self.exited.clear()
        self.popen = subprocess.Popen(
            [*runner, "--", *command.argv],
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.popen.stdout is not None  # noqa: S101 (asked for above)
        output = self.popen.stdout.fileno()
        os.set_blocking(output, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(output, self.on_output, output)
        ended = os.pidfd_open(self.popen.pid)
        loop.add_reader(ended, self.on_exit, ended)

    def on_output(self, output: int) -> None:
        """Take what the process has written to its log."""
        try:
            chunk = os.read(output, 65536)
        except BlockingIOError:
            return
        if chunk:
            self.log.append(chunk)
        else:
            asyncio.get_running_loop().remove_reader(output)

    def on_exit(self, ended: int) -> None:
        """Note how the process ended."""
        asyncio.get_running_loop().remove_reader(ended)
        os.close(ended)
        if self.popen is not None:
            self.last_exit = self.popen.wait()
        self.exited.set()

    def cleaned_up(self) -> None:
        """End what the process left in its session, and note what the end means."""
        popen, self.popen = self.popen, None
        if popen is None or popen.stdout is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)
        self.on_output(popen.stdout.fileno())
        asyncio.get_running_loop().remove_reader(popen.stdout.fileno())
        popen.stdout.close()
        if self.stage == Stage.READY and time.monotonic() - self.since > SETTLED:
            self.failures = 0
        if self.process.once and self.last_exit == 0:
            self.succeed(Stage.DONE)
        elif self.wanted:
            self.why = f"ended with {exit_words(self.last_exit)}"
            self.note(self.why)

    async def probe_until_ready(self) -> None:
        """Ask the process until it says that it is ready."""
        while True:
            if await self.probe():
                self.succeed(Stage.READY)
                return
            await asyncio.sleep(PROBE_PAUSE)

    def succeed(self, stage: Stage) -> None:
        """Note that the process is as it should be, and let those start that need it."""
        self.why = ""
        self.enter(stage)
        if self.ready_after is None:
            self.ready_after = time.monotonic() - (self.first_started or self.since)
        self.was_ready.set()

    async def probe(self) -> bool:
        """Ask the process once; if the answer is no, `why` says what was missing."""
        try:
            await asyncio.to_thread(self.process.ready, self.state)
        except Exception as error:
            self.why = reason(error)
            return False
        return True

    def forget_failures(self) -> None:
        """Give the process all its chances again."""
        self.failures = 0
        self.first_started = None

    async def stop(self) -> None:
        """Stop the process for good: its stop signal, and SIGKILL when it takes too long."""
        self.wanted = False
        if self.popen is not None:
            self.send(self.process.stop_signal)
            try:
                await asyncio.wait_for(self.exited.wait(), self.process.stop_seconds)
            except TimeoutError:
                self.note("did not stop in time and is killed")
                self.send(signal.SIGKILL)
        elif self.task is not None and self.stage in (Stage.WAITING, Stage.PAUSING):
            self.task.cancel()
            self.enter(Stage.STOPPED)
        if self.task is not None:
            await asyncio.wait([self.task])

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it runs."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.popen.pid, number)

    def note(self, words: str) -> None:
        """Write a line of the supervisor's own into the process's log."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.log.append(f"{now} supervisor: {self.process.name} {words}\n".encode())

    def row(self) -> dict[str, Any]:
        """Return what `status` shows."""
        return {
            "name": self.process.name,
            "stage": str(self.stage),
            "pid": self.popen.pid if self.popen else None,
            "seconds": round(time.monotonic() - self.since, 1),
            "waited": round(time.monotonic() - self.first_started, 1) if self.first_started else 0,
            "ready_after": None if self.ready_after is None else round(self.ready_after, 1),
            "failures": self.failures,
            "restarts": self.restarts,
            "last_exit": exit_words(self.last_exit) if self.last_exit is not None else None,
            "why": self.why,
            "start_seconds": self.process.start_seconds,
        }


def reason(error: Exception) -> str:
    """Return why something isn't ready: our own words, or just the kind of a foreign error."""
    if isinstance(error, (NotReady, StateError)):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def exit_words(code: int | None) -> str:
    """Return an exit code in words."""
    if code is None:
        return "nothing"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
