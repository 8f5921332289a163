"""One house for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.servers.session import Servers
from tests.service.reports.house import House


@pytest.fixture(scope="session")
def sas(servers: Servers) -> Iterator[House]:
    """Run the services, once for these tests."""
    with House.open(servers) as running:
        yield running
