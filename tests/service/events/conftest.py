"""One house for the tests of events, and a worker at each end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.servers.session import Servers
from tests.kit.servers.values import BROKER, POSTGRES
from tests.service.events.house import House, Worker, opened


@pytest.fixture(scope="module")
def running(servers: Servers) -> Iterator[House]:
    """The databases and the broker."""
    servers.need(POSTGRES, BROKER)
    with opened(servers) as house:
        yield house


@pytest.fixture
def sender(running: House, tmp_path: Path) -> Iterator[Worker]:
    """The worker of cases: its relay."""
    worker = Worker(running.worker_settings("cases"), tmp_path / "sender.log")
    worker.start()
    yield worker
    worker.kill()


@pytest.fixture
def reader(running: House, tmp_path: Path) -> Iterator[Worker]:
    """The worker of reports: its consumer."""
    worker = Worker(running.worker_settings("reports"), tmp_path / "reader.log")
    worker.start()
    yield worker
    worker.kill()
