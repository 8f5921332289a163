"""Times a call, alone and with many callers, and says what machine it was on."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import attrs


@attrs.frozen
class Figure:
    """What one kind of call cost."""

    p50_ms: float
    p99_ms: float
    in_a_row_ms: float
    """The median where the same call came just before."""
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
    stop = time.perf_counter() + seconds

    def go(number: int) -> int:
        done = 0
        while time.perf_counter() < stop:
            call()
            done += 1
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        done = sum(pool.map(go, range(callers)))  # a call that fails ends the benchmark
    return done / (time.perf_counter() - started)


def in_turns(
    calls: Mapping[str, Callable[[], object]], rounds: int, each: int
) -> dict[str, list[float]]:
    """Measure *calls*, *each* in a row, in turns; what else the machine does falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken[name] += alone(call, each, warm=0)
    return {name: sorted(milliseconds) for name, milliseconds in taken.items()}


def side_by_side(calls: Mapping[str, Callable[[], object]]) -> dict[str, Figure]:
    """Measure *calls* once each in turns, then ten in a row, then each with eight callers."""
    in_turns(calls, 5, 1)
    by_turns, in_a_row = in_turns(calls, 250, 1), in_turns(calls, 25, 10)
    return {
        name: Figure(
            statistics.median(by_turns[name]),
            by_turns[name][int(len(by_turns[name]) * 0.99)],
            statistics.median(in_a_row[name]),
            together(call),
        )
        for name, call in calls.items()
    }


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
        f"  {name:<36} p50 {found.p50_ms:6.2f} ms   p99 {found.p99_ms:6.2f} ms   "
        f"in a row {found.in_a_row_ms:6.2f} ms   {found.per_second:6.0f}/s with 8 callers"
    )
