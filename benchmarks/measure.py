"""Times a call, alone and with many callers, and says what machine it was on."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable

import attrs


@attrs.frozen
class Figure:
    """What one kind of call cost."""

    p50_ms: float
    p99_ms: float
    per_second: float


def alone(call: Callable[[], object], count: int = 200, warm: int = 20) -> list[float]:
    """Return the milliseconds of *count* calls, one after the other."""
    for _ in range(warm):
        call()
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def together(call: Callable[[], object], callers: int = 8, seconds: float = 4.0) -> float:
    """Return the calls a second that *callers* threads reach together."""
    done = [0] * callers
    stop = time.perf_counter() + seconds

    def go(number: int) -> None:
        while time.perf_counter() < stop:
            call()
            done[number] += 1

    threads = [threading.Thread(target=go, args=(number,)) for number in range(callers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


def figure(call: Callable[[], object], count: int = 200) -> Figure:
    """Measure *call* alone, then with eight callers."""
    taken = sorted(alone(call, count))
    return Figure(
        p50_ms=statistics.median(taken),
        p99_ms=taken[int(len(taken) * 0.99)],
        per_second=together(call),
    )


def heading(title: str) -> None:
    """Print the question, the date and the machine."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    print(
        f"{title}\n{today}, {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}\n"
    )


def row(name: str, found: Figure) -> None:
    """Print one line of a table."""
    print(
        f"  {name:<44} p50 {found.p50_ms:7.2f} ms   p99 {found.p99_ms:7.2f} ms   "
        f"{found.per_second:7.0f}/s with 8 callers"
    )
