"""The gateway alone, once for these tests; behind it are servers that answer as each test says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.gateway_house import House, open_house


@pytest.fixture(scope="package")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("gateway")
    limits = {"session_rate": 20, "session_burst": 300}
    with open_house(folder, **limits, drain_seconds=1.0) as house:
        yield house


@pytest.fixture
def house(_house: House) -> House:
    _house.settle()
    return _house
