"""One house for all tests of identity, and the people in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.caller import Caller
from deploy.vault import idp
from tests.kit.servers.session import Servers
from tests.service.identity.house import House


@pytest.fixture(scope="session")
def house(servers: Servers) -> Iterator[House]:
    """Consent, and identity's server in this process."""
    with House.open(servers) as running:
        yield running


@pytest.fixture(scope="session")
def managers_token(house: House) -> str:
    """The token of the first manager's session, appointed by the operator's command."""
    done = house.appoint("Grace Okonkwo", idp.known_accounts(house.state)["grace"]["subject"])
    assert done.returncode == 0, done.stderr
    return house.sign_in("grace")


@pytest.fixture
def manager(house: House, managers_token: str) -> Caller:
    """The first manager, with a caller token of just now."""
    return house.caller(managers_token)


@pytest.fixture(scope="session")
def advisers_token(house: House, managers_token: str) -> str:
    """The token of an adviser's session, with a second factor."""
    house.admit(house.caller(managers_token), "ada", "Ada Whitfield")
    return house.sign_in("ada")


@pytest.fixture
def adviser(house: House, advisers_token: str) -> Caller:
    """An adviser, with a caller token of just now."""
    return house.caller(advisers_token)


@pytest.fixture(scope="session")
def students_token(house: House) -> str:
    """The token of the session of a student who came by herself."""
    return house.sign_in("student-one")


@pytest.fixture
def student(house: House, students_token: str) -> Caller:
    """That student, with a caller token of just now."""
    return house.caller(students_token)
