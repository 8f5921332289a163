"""Start a program as the stack does, for as long as this process lives."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deploy.supervisor.process import Command

Program = subprocess.Popen[bytes]


def spawn(command: Command, log: Path) -> Program:
    """
    Start a program in a session of its own, to die with us.

    Only from the main thread: the kernel ends it together with the thread that started it.
    """
    become = ["/usr/bin/setpriv", "--pdeathsig=KILL"]
    if command.user is not None:
        become += ["--reuid", command.user, "--regid", command.user, "--init-groups"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*become, "--", *command.argv],
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def kill(program: Program, number: signal.Signals = signal.SIGKILL) -> None:
    """End a program, and what it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, number)
    program.wait()


def wait_until(succeeds: Callable[[], object], seconds: float = 60, pause: float = 0.05) -> None:
    """
    Try until *succeeds* raises nothing and does not say False.

    Raises:
        AssertionError: it did not happen in time; the last error is its cause.
    """
    until = time.monotonic() + seconds
    while True:
        error: Exception | None = None
        try:
            if succeeds() is not False:
                return
        except Exception as caught:
            error = caught
        if time.monotonic() > until:
            raise AssertionError(f"not so within {seconds:.0f} s") from error
        time.sleep(pause)
