"""
How much memory does the idle stack take, and how long does a warm start last?

Memory is proportional set size (PSS): a page that several processes share counts once. The
baselines are of the same run: the memory of the servers that are not ours, and the start of the
slowest of them alone. The bars: 1.5 GB, and 15 s on a machine with nothing else to do.
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.measure import heading
from deploy import stack
from deploy.state import State
from deploy.supervisor.guard import descendants

MEMORY_BAR_MB = 1500
START_BAR_SECONDS = 15
STARTS = 3
IDLE_SECONDS = 20
OURS = re.compile(r"services\.(\w+) (\w+)|deploy\.(\w+)")
SERVERS = {"beam.smp": "RabbitMQ", "/bao": "OpenBao", "postgres": "PostgreSQL", "envoy": "Envoy"}


def main() -> None:
    """Start the stack some times, the first time to have everything made, and measure."""
    state = State.from_environment()
    heading((__doc__ or "").strip().splitlines()[0])
    was_running = stack.is_running(state)
    start_seconds(state, "")
    slowest = min(start_seconds(state, "rabbitmq") for _ in range(STARTS))
    starts = sorted(start_seconds(state, "") for _ in range(STARTS))
    time.sleep(IDLE_SECONDS)
    memory = megabytes(state)
    if not was_running:
        quietly_down(state)

    for name, found in sorted(memory.items(), key=lambda item: -item[1]):
        print(f"  {name:<28} {found:7.0f} MB")
    total, servers = sum(memory.values()), sum(memory[name] for name in SERVERS.values())
    print(
        f"\n  idle: {total:.0f} MB PSS is {total / servers:.2f}x the servers that are not ours"
        f" ({servers:.0f} MB); {verdict(total, MEMORY_BAR_MB)} the bar of {MEMORY_BAR_MB} MB"
    )
    print(
        f"  warm start: {starts[0]:.1f} s (of {', '.join(f'{s:.1f}' for s in starts)}) is"
        f" {starts[0] / slowest:.2f}x the start of RabbitMQ alone ({slowest:.1f} s);"
        f" {verdict(starts[0], START_BAR_SECONDS)} the bar of {START_BAR_SECONDS} s"
    )


def start_seconds(state: State, only: str) -> float:
    """Start the stack, or *only* some of it, and return how long that took."""
    quietly_down(state)
    began = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        code = stack.up(state, stack.names(only))
    if code != 0:
        raise SystemExit(code)
    return time.monotonic() - began


def quietly_down(state: State) -> None:
    """Stop the stack without a word."""
    with contextlib.redirect_stdout(io.StringIO()):
        stack.down(state)


def megabytes(state: State) -> dict[str, float]:
    """Return the memory of everything in the stack, by what it is."""
    guard = int((state / "run/guard.pid").read_text())
    found: dict[str, float] = defaultdict(float)
    for pid in (guard, *descendants(guard)):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            kilobytes = re.search(r"Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
            found[called(line)] += int(kilobytes[1]) / 1024 if kilobytes else 0
    return found


def called(line: str) -> str:
    """Return what the process with this command line is."""
    if ours := OURS.search(line):
        return ours[0].removeprefix("services.")
    return next((name for part, name in SERVERS.items() if part in line), "others")


def verdict(value: float, bar: float) -> str:
    """Say on which side of the bar *value* is."""
    return "within" if value <= bar else "ABOVE"


if __name__ == "__main__":
    main()
