"""
Does an answer's time tell which kind of question it was? Measured as dudect does it.

Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?" (DATE 2017). Questions of two
classes come in random order; Welch's t-test compares their times, once for all of them and once
for each of several crops that leave out the slowest, where the machine's noise is. Beyond 5, the
classes are told apart by somebody who asks often enough.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from statistics import fmean, variance

import attrs

TOLD_APART = 5
"""|t| beyond which dudect calls an implementation leaky."""
FOUND = 10
"""|t| with which what was planted must be found."""
CROPS = [1 - 0.5 ** (0.5 * n) for n in range(1, 21)]
"""How much of all times is kept: 29 %, 50 %, 65 %, ... 99.9 %, as in dudect."""
FEWEST = 100
"""Times of each class, below which a crop says nothing."""


@attrs.frozen
class Times:
    """What was measured, in nanoseconds, by class."""

    known: Sequence[int]
    unknown: Sequence[int]

    def largest_t(self) -> float:
        """Give the largest |t| over all crops."""
        pooled = sorted([*self.known, *self.unknown])
        limits = [pooled[min(int(len(pooled) * kept), len(pooled) - 1)] for kept in CROPS]
        found = [abs(welch(self.known, self.unknown))]
        for limit in limits:
            one = [each for each in self.known if each < limit]
            other = [each for each in self.unknown if each < limit]
            if min(len(one), len(other)) >= FEWEST:
                found.append(abs(welch(one, other)))
        return max(found)


def welch(one: Sequence[int], other: Sequence[int]) -> float:
    """Give Welch's t of two samples; nothing to tell apart where nothing varies."""
    spread = variance(one) / len(one) + variance(other) / len(other)
    return (fmean(one) - fmean(other)) / spread**0.5 if spread else 0.0


def measure(
    ask: Callable[[bool], Callable[[], object]],
    count: int,
    clock: Callable[[], int] = time.perf_counter_ns,
    warm_up: int = 300,
) -> Times:
    """
    Ask *count* times, known or unknown in random order, and take the times.

    Args:
        ask: makes a question of one class (known if True) ready to be asked.
        count: how many.
        clock: the time in nanoseconds; see `Work` for another one.
        warm_up: questions before that, which don't count.
    """
    # Drawn from the system's randomness: nothing that is asked can be in step with it.
    chance = random.SystemRandom()
    times: dict[bool, list[int]] = {True: [], False: []}
    gc.collect()
    gc.disable()
    try:
        for number in range(-warm_up, count):
            known = chance.random() < 0.5
            question = ask(known)
            begun = clock()
            question()
            taken = clock() - begun
            if number >= 0:
                times[known].append(taken)
    finally:
        gc.enable()
    return Times(times[True], times[False])


def measure_at_once(ask: Callable[[bool], Callable[[], object]], count: int, askers: int) -> Times:
    """Measure what mostly waits, by so many *askers* side by side, who ask *count* times in all."""
    with ThreadPoolExecutor(askers) as pool:
        each = partial(measure, ask, count // askers, warm_up=10)
        found = [waiting.result() for waiting in [pool.submit(each) for _ in range(askers)]]
    return Times(
        [time for times in found for time in times.known],
        [time for times in found for time in times.unknown],
    )


def spin(microseconds: int) -> None:
    """Take time, as looking something up would."""
    until = time.perf_counter_ns() + microseconds * 1000
    while time.perf_counter_ns() < until:
        pass


def hidden_but_found(honest: Callable[[], Times], planted: Callable[[], Times]) -> str:
    """Whether nothing is told apart but what was planted; tried again once, as machines are."""
    for _ in range(2):
        nothing, something = honest().largest_t(), planted().largest_t()
        said = f"|t| is {nothing:.1f}, and {something:.1f} with what was planted"
        print(said)  # noqa: T201  # the figures, for whoever runs it with -rP
        if nothing < TOLD_APART and something > FOUND:
            return ""
    return said


@attrs.frozen
class Work:
    """
    A clock that goes while some processes work: the time that they have had of a processor.

    What other processes of the machine do doesn't make it go, so it finds differences that drown
    in the noise of an ordinary clock. What it misses is idle waiting; measure that, too.
    """

    processes: Sequence[int]
    pause: float = 0.0004
    """So that what they do after they have answered is counted for the same question."""

    def __call__(self) -> int:
        """Give the nanoseconds."""
        time.sleep(self.pause)
        return sum(time.clock_gettime_ns((~process << 3) | 2) for process in self.processes)


@contextmanager
def before_others(*processes: int) -> Iterator[None]:
    """
    Let processes (0 is this one) go before everything else on this machine, where that is allowed.

    It takes nothing away from what is measured, and leaves out much of what isn't.
    """
    threads = [
        int(each)
        for process in processes
        for each in os.listdir(f"/proc/{process or os.getpid()}/task")
    ]
    usual = {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
    try:
        with suppress(PermissionError):
            for thread in threads:
                os.setpriority(os.PRIO_PROCESS, thread, -19)
        yield
    finally:
        for thread, priority in usual.items():
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread, priority)
