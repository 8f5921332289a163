"""A running witness, and logs that it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.kit.witness_alone import PlayedLog, WitnessAlone

MOST_LOGS = 64


@pytest.fixture(scope="module")
def logs() -> list[PlayedLog]:
    """Logs that the witness was told of before it started."""
    return [PlayedLog(f"log.test/{uuid4()}") for _ in range(MOST_LOGS)]


@pytest.fixture(scope="module")
def witness(
    logs: list[PlayedLog], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WitnessAlone]:
    """Run one for the tests of a file."""
    alone = WitnessAlone.make(tmp_path_factory.mktemp("witness"), *(log.key for log in logs))
    try:
        yield alone.start()
    finally:
        alone.stop()


@pytest.fixture
def log(logs: list[PlayedLog]) -> PlayedLog:
    """Give a log that the witness has never seen."""
    return logs.pop().grow(40)


@pytest.fixture
def seen(witness: WitnessAlone, log: PlayedLog) -> Callable[[int], PlayedLog]:
    """Give a log that the witness has signed at a size."""

    def signed_at(size: int) -> PlayedLog:
        assert witness.sends(log.submission(0, size)).status_code == 200
        return log

    return signed_at
