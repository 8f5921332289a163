"""
Answers that leave at a beat, so that their time does not tell how much there was to do.

Shared because two services answer people who must not learn from the time of an answer whether
there is something: equal work is the better way, and where work can't be made equal, its end is
hidden. A beat is to be much longer than the work, which overruns it only on a machine in trouble.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common.errors import TooManyCalls


class Pace:
    """Beats of so many seconds, each counted from where a block was entered."""

    def __init__(
        self,
        seconds: float,
        at_most: int = 8,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Set the pace.

        Args:
            seconds: from one beat to the next.
            at_most: how many blocks at once; so those who wait never use up a server's threads.
            clock: the time.
            sleep: how to wait.
        """
        self._seconds, self._clock, self._sleep = seconds, clock, sleep
        self._places = threading.BoundedSemaphore(at_most)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """
        Leave the block at the next beat, whether it ends well or not.

        Raises:
            TooManyCalls: there is no place; nothing was begun.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyCalls
        begun = self._clock()
        try:
            yield
        finally:
            beats = math.floor((self._clock() - begun) / self._seconds) + 1
            self._sleep(max(0.0, begun + beats * self._seconds - self._clock()))
            self._places.release()
