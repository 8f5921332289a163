"""Who may do what in Vault: one AppRole for each process, one policy file for each AppRole."""

from __future__ import annotations

import json
from pathlib import Path

from hvac.exceptions import InvalidRequest

from deploy.state import State, write_private
from deploy.vault.operator import Operator, connect

POLICIES = Path(__file__).resolve().parent / "policies"

PROCESSES = (
    "identity-serve",
    "identity-work",
    "identity-migrate",
    "cases-serve",
    "cases-work",
    "cases-migrate",
    "consent-serve",
    "consent-work",
    "consent-migrate",
    "reports-serve",
    "reports-work",
    "reports-migrate",
    "gateway",
)
"""Processes that start with a wrapped, single-use secret-id."""

LAUNCHERS = ("launcher", "stack")
"""What the supervisor itself is to Vault; it has a secret-id of its own in `secrets/`."""

TOKEN_PERIOD = "15m"  # noqa: S105 (a time)


def set_up(operator: Operator, state: State) -> None:
    """Write the policies as they are in the files and make the AppRoles."""
    for file in sorted(POLICIES.glob("*.hcl")):
        operator.write(f"sys/policies/acl/{file.stem}", policy=file.read_text())
    if "approle" not in operator.mounted("auth"):
        operator.write("sys/auth/approle", type="approle")
    for role in (*PROCESSES, *LAUNCHERS):
        make_role(operator, role)
    for role in LAUNCHERS:
        give_secret_id(operator, state, role)


def make_role(operator: Operator, role: str) -> None:
    """
    Make the AppRole of one process. Its role-id is its name: that is no secret.

    A secret-id works once and for two minutes; the token it gives lives 15 minutes and, renewed,
    as long as the process.
    """
    single_use = role in PROCESSES
    operator.write(
        f"auth/approle/role/{role}",
        bind_secret_id=True,
        secret_id_num_uses=1 if single_use else 0,
        secret_id_ttl="2m" if single_use else "0",
        token_period=TOKEN_PERIOD if single_use else "0",
        token_ttl="0" if single_use else "1m",
        token_policies=[role, "own-session"],
        token_no_default_policy=True,
        token_type="service",  # noqa: S106
    )
    operator.write(f"auth/approle/role/{role}/role-id", role_id=role)


def give_secret_id(operator: Operator, state: State, role: str) -> None:
    """Make a launcher's secret-id and keep it in `secrets/`, unless there is one that works."""
    file = secret_id_file(state, role)
    if file.exists() and works(state, role):
        return
    made = operator.write(f"auth/approle/role/{role}/secret-id")
    write_private(file, json.dumps({"role_id": role, "secret_id": made["secret_id"]}))


def secret_id_file(state: State, role: str) -> Path:
    """Return where a launcher's secret-id is kept."""
    return state / f"secrets/vault-{role}.json"


def kept(state: State, role: str) -> dict[str, str]:
    """Return a launcher's role-id and secret-id."""
    found: dict[str, str] = json.loads(secret_id_file(state, role).read_text())
    return found


def works(state: State, role: str) -> bool:
    """Whether the kept secret-id of a launcher is (still) one of this Vault's."""
    client = connect(state)
    try:
        client.auth.approle.login(**kept(state, role))
    except InvalidRequest:
        return False
    client.auth.token.revoke_self()
    return True
