"""One house for the tests of consent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.servers.session import Servers
from tests.service.consent.breaching import Breach
from tests.service.consent.deeds import Case, Letter
from tests.service.consent.house import House


@pytest.fixture(scope="session")
def sas(servers: Servers) -> Iterator[House]:
    """Run the services, once for these tests."""
    with House.open(servers) as running:
        yield running


@pytest.fixture
def case(sas: House) -> Case:
    """Give a new case."""
    return Case.open(sas)


@pytest.fixture
def letter(sas: House) -> Letter:
    """Give a letter that nobody was asked about yet."""
    return Letter.write(sas)


@pytest.fixture
def breach(sas: House) -> Breach:
    """Give a breach of a new case that nobody recorded anything of."""
    return Breach.begin(sas)
