"""The folder of one house: its own configurations, runs and logs beside servers that are shared."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from deploy import configs
from deploy.state import State, write_private
from tests.kit.servers.ports import free_port_base

SHARED_PORTS = frozenset({"postgres", "vault", "vault-cluster", "rabbitmq", "epmd", "erlang"})
SHARED_FOLDERS = ("tls", "secrets", "postgres", "vault", "rabbitmq")


@attrs.frozen
class HouseState(State):
    """A state whose servers are those of another."""

    servers: State

    def port(self, name: str) -> int:
        """Return a port of the servers', or of this house."""
        return self.servers.port(name) if name in SHARED_PORTS else super().port(name)

    def clear(self) -> None:
        """Remove the folder, and nothing of the servers'."""
        for folder in SHARED_FOLDERS:
            (self / folder).unlink()
        shutil.rmtree(self.root, ignore_errors=True)


def make(servers: State) -> HouseState:
    """Make the folder of a house."""
    root = Path(tempfile.mkdtemp(prefix="sas-house-", dir="/tmp"))
    root.chmod(0o755)
    state = HouseState(root=root, port_base=free_port_base(), servers=servers)
    for folder in SHARED_FOLDERS:
        (state / folder).symlink_to(servers / folder)
    state.prepare()
    return state


def write_configs(
    state: HouseState,
    databases: Mapping[str, str],
    vhost: str | None,
    vault_ports: Mapping[str, int],
    told: Mapping[str, Mapping[str, Any]],
) -> None:
    """
    Write the stack's own configurations, with the databases and the virtual host of this house.

    Args:
        state: of the house.
        databases: the name of each service's database.
        vhost: where its workers meet; None if it has none.
        vault_ports: for processes that reach Vault by another way.
        told: settings of a process that are other than the stack's.
    """
    for name, config in configs.all_configs(state).items():
        if "database" in config:
            service = config["database"]["name"]
            config["database"]["name"] = databases.get(service, service)
        if "rabbitmq" in config and vhost is not None:
            config["rabbitmq"]["vhost"] = vhost
        if name in told:
            config["settings"] |= told[name]
        if name in vault_ports:
            config["vault"]["url"] = f"https://127.0.0.1:{vault_ports[name]}"
        write_private(state / f"etc/{name}.toml", configs.as_toml(config))


def config_for_tests(state: State, process: str, peers: Mapping[str, str]) -> Path:
    """Write what a test needs to call as *process*: its configuration, and more peers."""
    known: dict[str, Any] = tomllib.loads((state / f"etc/{process}.toml").read_text())
    known.pop("settings", None)
    known["peers"] = known.get("peers", {}) | dict(peers)
    file = state / f"run/test-{process}.toml"
    write_private(file, configs.as_toml(known))
    return file
