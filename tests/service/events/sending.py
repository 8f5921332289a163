"""Records that events are about, and letting them happen in the background."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.service.events.house import House

MANY = 400

_numbers = itertools.count()


def new_records(count: int, kind: str = "case") -> list[str]:
    """Name records that nothing has happened to."""
    return [f"records/{kind}-{next(_numbers)}" for _ in range(count)]


@contextmanager
def sending(running: House, records: list[str]) -> Iterator[None]:
    """Let the events happen while the block does something else."""
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(running.send, records)
        yield
        sent.result()
