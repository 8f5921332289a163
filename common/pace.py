"""
Answers that leave at a beat, so that their time does not tell how much there was to do.

Shared because two services answer people who must not learn from the time of an answer whether
there is something: equal work is the better way, and where work can't be made equal, its end is
hidden. A beat is to be much longer than the work, which overruns it only on a machine in trouble.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs


@attrs.frozen
class Pace:
    """Beats of so many seconds, each counted from where a block was entered."""

    seconds: float = attrs.field(validator=attrs.validators.gt(0))
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Leave the block at the next beat, whether it ends well or not."""
        begun = self.clock()
        try:
            yield
        finally:
            beats = math.floor((self.clock() - begun) / self.seconds) + 1
            self.sleep(max(0.0, begun + beats * self.seconds - self.clock()))
