"""pytest's side of the lanes: the fixtures, the report's header, and the tests of one lane only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.kit.servers.containers import Containers
from tests.kit.servers.given import URLS, Given
from tests.kit.servers.local import Local
from tests.kit.servers.session import Servers
from tests.kit.servers.values import BROKER, POSTGRES, VAULT, Lane, LaneError, Server

LANES: dict[str, type[Lane]] = {"local": Local, "testcontainers": Containers, "given": Given}
ONLY = "local_lane_only"
MAY_BE_LOCAL_ONLY = (
    "tests/service/vault/test_server.py",
    "tests/service/vault/test_snapshots.py",
    "tests/service/events/test_outages.py",
    "tests/service/database/test_outage.py",
    "tests/service/consent/test_crashes.py",
)
"""Tests of the installed programs themselves. Any other test must do on every lane."""

_lane = pytest.StashKey[Lane]()


def pytest_configure(config: pytest.Config) -> None:
    """Choose the lane: `SAS_TEST_LANE`, or `given` where a server's URL is."""
    config.addinivalue_line("markers", f"{ONLY}(reason): tests an installed program itself")
    given = any(each in os.environ for each in URLS)
    name = os.environ.get("SAS_TEST_LANE", "given" if given else "local")
    if name not in LANES:
        raise pytest.UsageError(f"SAS_TEST_LANE is {name!r}; there are {', '.join(LANES)}")
    config.stash[_lane] = LANES[name]()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say where the servers come from, and which they are."""
    lane = config.stash[_lane]
    try:
        return [f"servers: lane {lane.name}: {'; '.join(lane.describe())}"]
    except LaneError as error:
        return [f"servers: lane {lane.name} can't be had: {error}"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on another lane, what is for the local one; only what may be."""
    wrong = [
        item.nodeid
        for item in items
        if item.get_closest_marker(ONLY) and not item.nodeid.startswith(MAY_BE_LOCAL_ONLY)
    ]
    if wrong:
        raise pytest.UsageError(f"may not be {ONLY}: {', '.join(wrong)}")
    if config.stash[_lane].name == "local":
        return
    out = [item for item in items if item.get_closest_marker(ONLY)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


def pytest_collection_finish() -> None:
    """Refuse to run in a process that eventlet has patched: gRPC hangs there for ever."""
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("socket"):
        raise pytest.UsageError("a test module imports what a worker imports, which patches all")


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str:
    """Count the tests of the installed programs themselves."""
    lane = config.stash[_lane].name
    if lane == "local":
        count = sum(1 for item in items if item.get_closest_marker(ONLY))
        return f"servers: {count} of these tests are for the lane local only"
    return "servers: without the tests that are for the lane local only"


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """All servers of this run; each starts when it is first needed."""
    lane = request.config.stash[_lane]
    try:
        lane.describe()
    except LaneError as error:
        pytest.exit(f"lane {lane.name} can't be had: {error}", returncode=3)
    running = Servers(lane)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    """Servers of one file's own, which it may kill; each starts when it is first needed."""
    lane = Local()
    yield lane
    lane.stop()


@pytest.fixture(scope="session")
def postgres(servers: Servers) -> Server:
    """A running PostgreSQL with the groups of all services."""
    return servers.value(POSTGRES)


@pytest.fixture(scope="session")
def vault(servers: Servers) -> Server:
    """A running Vault, set up as for the stack."""
    return servers.value(VAULT)


@pytest.fixture(scope="session")
def broker(servers: Servers) -> Server:
    """A running RabbitMQ with the users of all workers."""
    return servers.value(BROKER)
