"""One running stack for the tests of cases, and the people in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.cases.house import House, Person, adviser, house, student
from tests.service.cases.office import Office


@pytest.fixture(scope="session")
def sas() -> Iterator[House]:
    """Run the servers, once for these tests."""
    with house() as running:
        yield running


@pytest.fixture
def zoe() -> Person:
    """Give a student."""
    return student()


@pytest.fixture
def office(sas: House) -> Office:
    """Give a staff member of the Service at work."""
    return Office(sas, adviser())
