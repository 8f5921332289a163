"""A Vault, and a PostgreSQL for its logins, set up by the stack's own code."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import attrs
import hvac
import pytest

from common.config import VaultSettings
from common.vault import Vault
from deploy.certificates import make_root
from deploy.postgres import provision as postgres_provision
from deploy.postgres import server as postgres_server
from deploy.rabbitmq import definitions
from deploy.state import PORTS, State, write_private
from deploy.vault import launch, operator, provision, roles, server

START_SECONDS = 60


@pytest.fixture(scope="session")
def state() -> Iterator[State]:
    """A stack's state with Vault and PostgreSQL running."""
    folder = Path(tempfile.mkdtemp(prefix="sas-vault-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    prepared = State(root=folder, port_base=free_port_base()).prepare()
    make_root(prepared)
    try:
        with running(postgres_server, prepared), running(server, prepared):
            postgres_provision.provision(prepared)
            definitions.make(prepared, None)
            provision.provision(prepared)
            yield prepared
    finally:
        shutil.rmtree(folder)


def free_port_base() -> int:
    """Find a port base where nothing listens."""
    while True:
        base = 20000 + 100 * secrets.randbelow(100)
        with contextlib.ExitStack() as taken:
            try:
                for offset in PORTS.values():
                    taken.enter_context(socket.create_server(("127.0.0.1", base + offset)))
            except OSError:
                continue
        return base


@contextlib.contextmanager
def running(module: ModuleType, state: State) -> Iterator[None]:
    """Run a server for the time of the block."""
    module.prepare(state)
    command = module.command(state)
    with (state / f"log/{module.__name__}.log").open("ab") as log:
        process = subprocess.Popen(
            command.argv,
            env=dict(command.env),
            cwd=command.cwd,
            user=command.user,
            group=command.user,
            extra_groups=None if command.user is None else [],
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: module.ready(state))
        yield
    finally:
        process.terminate()
        process.wait(30)


def wait_until(succeeds: Callable[[], object]) -> None:
    """Try until it raises nothing."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            succeeds()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def settings(state: State, role: str) -> VaultSettings:
    """Lay out a fresh wrapped secret-id for *role*, as the supervisor does."""
    file = state / f"run/{role}.wrapped"
    write_private(file, launch.wrapped_secret_id(state, role))
    return VaultSettings(
        url=server.url(state),
        ca_file=state / "tls/ca.pem",
        role_id=role,
        wrapped_secret_id_file=file,
    )


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
            self._vaults[role] = Vault.login(settings(self._state, role), on_lost=lambda: None)
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
