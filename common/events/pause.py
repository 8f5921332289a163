"""When a server is away: which errors say so, and how long to wait before trying again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.errors import TryAgain

SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 3.0
_STEP_SECONDS = 0.1


def server_is_away(error: BaseException) -> bool:
    """
    Say whether *error* means that a server can't answer now, so that the event isn't to blame.

    Such a failure is no try: an outage of a minute must not park a thousand good events.
    """
    # `common/db.py` has made TryAgain of most; these may come from a commit or a full pool.
    return isinstance(error, TryAgain | OperationalError | InterfaceError | PoolTimeout)


def error_name(error: BaseException) -> str:
    """Name the class of *error*, for failures that are expected and need no place."""
    return type(error).__name__


class Pause:
    """Rests that grow from 0.5 s to 3 s, a little uneven so that not all wake at once."""

    def __init__(self) -> None:
        self._seconds = SHORTEST_SECONDS

    def rest(self, enough: Callable[[], bool]) -> None:
        """Sleep, and come back early when *enough* says so (on the way to shut down)."""
        until = time.monotonic() + self._seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._seconds = min(self._seconds * 1.5, LONGEST_SECONDS)
        while not enough() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_SECONDS))

    def reset(self) -> None:
        """After a success: the next rest is a short one again."""
        self._seconds = SHORTEST_SECONDS
