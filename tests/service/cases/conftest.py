"""One house for the tests of cases, and the people in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.house import Person
from tests.kit.servers.session import Servers
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import Office


@pytest.fixture(scope="session")
def sas(servers: Servers) -> Iterator[House]:
    """Run the services, once for these tests."""
    with House.open(servers) as running:
        yield running


@pytest.fixture
def zoe() -> Person:
    """Give a student."""
    return student()


@pytest.fixture
def office(sas: House) -> Office:
    """Give a staff member of the Service at work."""
    return Office(sas, adviser())
