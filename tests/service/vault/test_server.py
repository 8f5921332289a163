"""How the embedded server starts, starts over, and comes back."""

from __future__ import annotations

import subprocess
import time

import pytest

from common.vault import VaultUnavailable
from deploy.state import State
from deploy.vault import idp, keys, provision, roles, server
from deploy.vault.operator import signed_in
from tests.kit.house import login
from tests.service.vault.conftest import running

pytestmark = pytest.mark.local_lane_only("how the embedded server starts and what it keeps")


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
    with running(alone), signed_in(alone) as operator:
        assert "operators" in operator.mounted("auth")


def test_it_comes_back_with_everything_and_without_any_password(alone: State) -> None:
    with running(alone):
        passwords = server.operators(alone).values()
        with signed_in(alone) as operator:
            keys.make_mount(operator, "canary")
            keys.make_key(operator, "canary", "canary")
            roles.set_up(operator, alone)
        vault = login(alone, "gateway")
    with pytest.raises(VaultUnavailable):
        vault.public_keys("tokens", "caller")

    command = server.command(alone)
    assert not [password for password in passwords if password in " ".join(command.env.values())]
    assert not [password for password in passwords if password in " ".join(command.argv)]
    with running(alone), signed_in(alone, "operator-two") as operator:
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


def test_secrets_are_readable_by_their_owner_alone(state: State) -> None:
    assert (state / "secrets").stat().st_mode & 0o777 == 0o700
    files = [*(state / "secrets").iterdir(), state / "vault/unseal.key", state / "vault/audit.log"]
    assert {file.name for file in files} >= {
        "vault-operators.json",
        "vault-recovery-shares.json",
        "vault-launcher.json",
        "idp-accounts.json",
    }
    assert not [file.name for file in files if file.stat().st_mode & 0o077]
