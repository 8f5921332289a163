"""A Vault, and a PostgreSQL for its logins, set up by the stack's own code."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs
import hvac
import pytest

from common.vault import Vault
from deploy.certificates import make_root
from deploy.state import State
from deploy.vault import launch, operator, roles, server
from tests.kit.house import login
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.session import Servers
from tests.kit.servers.spawn import spawn, wait_until
from tests.kit.servers.values import POSTGRES, VAULT


@pytest.fixture(scope="session")
def state(servers: Servers) -> State:
    """The state of a stack with Vault and PostgreSQL running."""
    servers.need(POSTGRES, VAULT)
    return servers.state


@pytest.fixture
def alone() -> Iterator[State]:
    """A stack's state where nothing has run yet, for tests that do harm to a server."""
    folder = Path(tempfile.mkdtemp(prefix="sas-vault-", dir="/tmp"))
    state = State(root=folder, port_base=free_port_base()).prepare()
    make_root(state)
    yield state
    shutil.rmtree(folder)


@contextlib.contextmanager
def running(state: State) -> Iterator[None]:
    """Run the embedded server for the time of the block."""
    server.prepare(state)
    program = spawn(server.command(state), state / "log/vault.log")
    try:
        wait_until(lambda: server.ready(state))
        yield
    finally:
        program.terminate()
        program.wait(30)


def token(state: State, role: str) -> str:
    """Sign in as *role* by hand and return the token, to try with it what the code never would."""
    if role in ("launcher", "stack"):
        login = roles.kept(state, role)
    else:
        wrapped = operator.connect(state, launch.wrapped_secret_id(state, role))
        login = {"role_id": role, "secret_id": wrapped.sys.unwrap()["data"]["secret_id"]}
    auth = operator.connect(state).auth.approle.login(**login)["auth"]
    found: str = auth["client_token"]
    return found


@attrs.frozen
class Processes:
    """Processes of the stack, each signed in once."""

    _state: State
    _vaults: dict[str, Vault] = attrs.field(factory=dict)
    _clients: dict[str, hvac.Client] = attrs.field(factory=dict)

    def vault(self, role: str) -> Vault:
        """Return Vault as *role* uses it."""
        if role not in self._vaults:
            self._vaults[role] = login(self._state, role)
        return self._vaults[role]

    def client(self, role: str) -> hvac.Client:
        """Return a client that asks Vault for anything, with the token of *role*."""
        if role not in self._clients:
            self._clients[role] = operator.connect(self._state, token(self._state, role))
        return self._clients[role]


@pytest.fixture(scope="session")
def processes(state: State) -> Iterator[Processes]:
    """Sign in as any process of the stack."""
    found = Processes(state)
    yield found
    for each in found._vaults.values():
        each.close()
