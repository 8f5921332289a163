"""
Set Vault up for the stack: mounts, keys, policies, roles, authorities, logins. Twice does no harm.

Runs as an operator, at each start of the stack, so that a new release's policies and next year's
cohort keys are there before anybody needs them.

    python -m deploy.vault.provision
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import time

import requests
from hvac.exceptions import InvalidRequest

from deploy import witness
from deploy.state import State, write_private
from deploy.vault import database, idp, keys, pki, roles, server
from deploy.vault.operator import Operator, signed_in

RECOVERY_SECRET = "secrets/vault-recovery-shares.json"  # noqa: S105 (a file's name)
MOUNT_SECONDS = 30
RECOVERY_SHARES, RECOVERY_THRESHOLD = 3, 2
RABBITMQ_HANDED_OVER = "secrets/rabbitmq.json"


def main() -> None:
    """Set up the Vault of the stack that the environment names."""
    provision(State.from_environment())


def provision(state: State) -> None:
    """
    Make what isn't there yet, and policies and roles as they are in this release.

    Vault must be running, and PostgreSQL too when it has handed over a password.
    """
    with signed_in(state) as operator:
        audit_which_decision(operator)
        keys.set_up(operator, dt.datetime.now(dt.UTC).date())
        publish_ledger_keys(operator, state)
        make_secrets(operator, state)
        pki.set_up(operator, state)
        database.set_up(operator, state)
        idp.set_up(operator, state)
        make_recovery_shares(operator, state)
        # Last: `server.ready` takes the launchers' secrets as the sign that all is set up.
        roles.set_up(operator, state)


def audit_which_decision(operator: Operator) -> None:
    """Have the trace and the decision in clear in each audit line, to compare with the ledger."""
    for header in ("traceparent", "x-sas-decision"):
        operator.write(f"sys/config/auditing/request-headers/{header}", hmac=False)


def publish_ledger_keys(operator: Operator, state: State) -> None:
    """Write what the ledger is verified with, for its witness and whoever else checks it."""
    found = operator.read("ledger/keys/ledger") or {}
    keys = {int(n): base64.b64decode(key["public_key"]) for n, key in found["keys"].items()}
    witness.publish_ledger_keys(state, keys)


def make_secrets(operator: Operator, state: State) -> None:
    """Mount the secrets and take over the broker's passwords from their file, which is removed."""
    if "secret" not in operator.mounted("mounts"):
        operator.write("sys/mounts/secret", type="kv", options={"version": "2"})
        wait_for_secrets(operator)
    file = state / RABBITMQ_HANDED_OVER
    if file.exists():
        for worker, password in json.loads(file.read_text()).items():
            login = {"username": worker, "password": password}
            operator.write(f"secret/data/rabbitmq/{worker}", data=login)
        file.unlink()


def wait_for_secrets(operator: Operator) -> None:
    """Wait until the new mount takes secrets; on a busy machine that is a moment later."""
    end = time.monotonic() + MOUNT_SECONDS
    while True:
        try:
            operator.read("secret/config")
        except InvalidRequest:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def make_recovery_shares(operator: Operator, state: State) -> None:
    """
    Make the shares with which people can recover Vault when no operator can sign in.

    They are written to `secrets/`, once, for an operator to hand to the people who will keep them
    and to remove from this machine. README.md says how.
    """
    status = requests.get(
        f"{server.url(state)}/v1/sys/seal-status", verify=str(state / "tls/ca.pem"), timeout=5
    ).json()
    if status["n"]:
        return
    made = operator.write(
        "sys/rotate/recovery/init",
        secret_shares=RECOVERY_SHARES,
        secret_threshold=RECOVERY_THRESHOLD,
    )
    kept = {
        "note": f"Give each share to another person and remove this file. Any {RECOVERY_THRESHOLD} "
        f"of the {RECOVERY_SHARES} recover Vault together with its unseal key.",
        "shares": made["keys_base64"],
    }
    write_private(state / RECOVERY_SECRET, json.dumps(kept, indent=2))


if __name__ == "__main__":
    main()
