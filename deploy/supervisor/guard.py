"""
A small process above the supervisor that leaves nothing behind, however the supervisor ends.

The guard is the "subreaper" of everything below it: a process whose parent died becomes the
guard's child instead of init's. So when the supervisor is gone, even by kill -9, whatever it
started (and what that started) is found among the guard's descendants, and ended. Should the guard
itself be killed, the kernel sends the supervisor SIGTERM, and it stops the stack in order; should
both be, the kernel sends each process its stop signal (see child.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 6.0
"""Seconds that orphans have to end by themselves before they are killed."""


def guarded(supervise: Callable[[], None]) -> int:
    """Run *supervise* in a child process; return its exit code when nothing of it is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    guard = os.getpid()
    supervisor = os.fork()
    if supervisor == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(1)
        supervise()
        sys.exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: _send(supervisor, signal.SIGTERM))
    code = _wait_for(supervisor)
    _end_descendants()
    return code


def _wait_for(supervisor: int) -> int:
    """Reap whatever ends, until it is the supervisor."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == supervisor:
            return os.waitstatus_to_exitcode(status)


def _end_descendants() -> None:
    """End all our descendants: in order by SIGTERM, and after a while by SIGKILL."""
    deadline = time.monotonic() + PATIENCE
    asked: set[int] = set()
    while left := descendants(os.getpid()):
        late = time.monotonic() > deadline
        for pid in left:
            if late or pid not in asked:
                _send(pid, signal.SIGKILL if late else signal.SIGTERM)
                asked.add(pid)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.05)


def descendants(ancestor: int) -> list[int]:
    """Return the processes below *ancestor*, from `/proc`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                # The second field is the program's name, in brackets, and may hold anything.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    found = [ancestor]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
