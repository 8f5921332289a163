"""
What the supervisor asks of Vault: secret-ids for the processes it starts, and its own certificate.

It may hand out a secret-id, and only wrapped. It could open the wrapping itself: whoever starts
processes can always become one. But then the process finds its wrapping opened and does not start,
and the audit log has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import hvac

from common.vault import Certificate
from deploy.state import State
from deploy.vault import pki, roles
from deploy.vault.operator import connect

WRAPPING_TTL = "120s"
"""From here to the process's start; long enough for a slow machine."""


def is_set_up(state: State) -> bool:
    """Whether `provision` has been through once."""
    return all(roles.secret_id_file(state, role).exists() for role in roles.LAUNCHERS)


def wrapped_secret_id(state: State, role: str) -> str:
    """Return a wrapping token for a single-use secret-id of *role*, such as `cases-serve`."""
    with signed_in(state, "launcher") as client:
        answer = client.adapter.post(
            f"/v1/auth/approle/role/{role}/secret-id", wrap_ttl=WRAPPING_TTL
        )
    token: str = answer["wrap_info"]["token"]
    return token


def certificate_for_stack(state: State) -> Certificate:
    """Return a certificate, good for an hour, for asking the services whether they are ready."""
    with signed_in(state, "stack") as client:
        made = client.adapter.post(
            "/v1/pki/issue/stack",
            json={
                "uri_sans": f"spiffe://{pki.TRUST_DOMAIN}/stack",
                "alt_names": "localhost",
                "ip_sans": "127.0.0.1",
            },
        )["data"]
    return Certificate(
        chain_pem=f"{made['certificate']}\n{made['issuing_ca']}\n".encode(),
        key_pem=f"{made['private_key']}\n".encode(),
        expires_at=datetime.fromtimestamp(made["expiration"], UTC),
    )


def use_canary(state: State) -> None:
    """Use a key that exists for this only. Any error means that Vault can't do its work."""
    with signed_in(state, "stack") as client:
        client.adapter.post("/v1/canary/hmac/canary/sha2-256", json={"input": ""})


@contextmanager
def signed_in(state: State, role: str) -> Iterator[hvac.Client]:
    """Sign in as one of the launchers for the time of the block."""
    client = connect(state)
    client.auth.approle.login(**roles.kept(state, role))
    try:
        yield client
    finally:
        client.auth.token.revoke_self()
