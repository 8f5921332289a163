"""How long the call at hand may still take, for the calls it causes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from common.errors import TooLate

DEFAULT_SECONDS = 15.0
"""For a caller who names no deadline."""
LONGEST_SECONDS = 60.0
"""Nobody waits longer; what takes longer belongs in a worker."""

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def ending_in(seconds: float | None) -> Iterator[None]:
    """
    Give the block *seconds* from now, or the default, and never more than the longest.

    Raises:
        TooLate: It is over already.
    """
    allowed = DEFAULT_SECONDS if seconds is None else min(seconds, LONGEST_SECONDS)
    if allowed <= 0:
        raise TooLate
    token = _ends.set(time.monotonic() + allowed)
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left(at_most: float) -> float:
    """
    Give how long something within the call at hand may take, *at_most* seconds.

    Raises:
        TooLate: The deadline of the call at hand has passed.
    """
    ends = _ends.get()
    if ends is None:
        return at_most
    left = ends - time.monotonic()
    if left <= 0:
        raise TooLate
    return min(left, at_most)
