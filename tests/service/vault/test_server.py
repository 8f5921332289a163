"""How the embedded server starts, starts over, and comes back."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.vault import Vault, VaultUnavailable
from deploy.certificates import make_root
from deploy.state import State
from deploy.vault import idp, keys, provision, roles, server
from deploy.vault.operator import signed_in
from tests.service.vault.conftest import free_port_base, running, settings


@pytest.fixture
def alone() -> Iterator[State]:
    """A stack's state where nothing has run yet."""
    folder = Path(tempfile.mkdtemp(prefix="sas-vault-"))
    state = State(root=folder, port_base=free_port_base()).prepare()
    make_root(state)
    yield state
    shutil.rmtree(folder)


def test_a_first_start_cut_short_starts_over(alone: State) -> None:
    server.prepare(alone)
    command = server.command(alone)
    for seconds in (0.3, 1.0, 1.6):
        with subprocess.Popen(
            command.argv, env=dict(command.env), cwd=command.cwd, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(seconds)
            process.kill()
        command = server.command(alone)
    with running(server, alone), signed_in(alone) as operator:
        assert "operators" in operator.mounted("auth")


def test_it_comes_back_with_everything_and_without_any_password(alone: State) -> None:
    with running(server, alone):
        passwords = server.operators(alone).values()
        with signed_in(alone) as operator:
            keys.make_mount(operator, "canary")
            keys.make_key(operator, "canary", "canary")
            roles.set_up(operator, alone)
        vault = Vault.login(settings(alone, "gateway"), on_lost=lambda: None)
    with pytest.raises(VaultUnavailable):
        vault.public_keys("tokens", "caller")

    command = server.command(alone)
    assert not [password for password in passwords if password in " ".join(command.env.values())]
    assert not [password for password in passwords if password in " ".join(command.argv)]
    with running(server, alone), signed_in(alone, "operator-two") as operator:
        assert operator.names("canary/keys") == ["canary"]


def test_setting_up_twice_changes_nothing(state: State) -> None:
    before = everything(state)
    provision.provision(state)
    assert everything(state) == before


def everything(state: State) -> dict[str, object]:
    """What must stay as it is: keys, authority, secrets, people."""
    with signed_in(state) as operator:
        return {
            "accounts": idp.known_accounts(state),
            "caller": operator.read("tokens/keys/caller"),
            "cohorts": operator.names("ix/keys"),
            "authority": operator.names("pki/issuers"),
            "client": (operator.read("secret/data/oidc/identity") or {})["data"],
            "launcher": roles.kept(state, "launcher"),
            "mounts": operator.mounted("mounts") | operator.mounted("auth"),
        }
