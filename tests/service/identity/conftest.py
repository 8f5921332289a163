"""One house for all tests of identity, and the people in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.caller import Caller
from deploy.state import State
from deploy.vault import idp
from tests.service.identity.house import House, opened, stack

PORT_BASE = os.environ.get("SAS_TEST_IDENTITY_PORT_BASE", "28000")


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """PostgreSQL, Vault, consent, and identity's server in this process."""
    folder = Path(tempfile.mkdtemp(prefix="sas-identity-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    with pytest.MonkeyPatch.context() as environment, ExitStack() as last:
        last.callback(shutil.rmtree, folder, ignore_errors=True)
        environment.setenv("SAS_STATE", str(folder / "state"))
        environment.setenv("SAS_PORT_BASE", PORT_BASE)
        last.callback(stack, "down")
        stack("up", "--only", "consent-serve,identity-migrate")
        yield last.enter_context(opened(State.from_environment()))


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
