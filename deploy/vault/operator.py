"""
What an operator does with Vault, at set-up and after a restore, through OpenBao's and Vault's API.

The password lies in `secrets/vault-operators.json`. No process that keeps running uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import hvac
import requests
from hvac.exceptions import InvalidPath, VaultError

from deploy.state import State
from deploy.vault import server

Answer = dict[str, Any]
TIMEOUT_SECONDS = 30


class Operator:
    """Somebody signed in who may set Vault up."""

    def __init__(self, client: hvac.Client) -> None:
        self._client = client

    def read(self, path: str, /) -> Answer | None:
        """Return the `data` at *path*, or None if there is nothing."""
        try:
            answer: Answer = self._client.adapter.get(f"/v1/{path}")
        except InvalidPath:
            return None
        found: Answer = answer["data"]
        return found

    def write(self, path: str, /, **data: object) -> Answer:
        """Write *data* to *path* and return the `data` of the answer, if any."""
        answer = self._client.adapter.post(f"/v1/{path}", json=data)
        return (answer.get("data") or {}) if isinstance(answer, dict) else {}

    def names(self, path: str) -> list[str]:
        """Return the names of what is at *path*."""
        try:
            answer: Answer = self._client.adapter.list(f"/v1/{path}")
        except InvalidPath:
            return []
        found: list[str] = answer["data"]["keys"]
        return found

    def delete(self, path: str) -> None:
        """Delete what is at *path*."""
        self._client.adapter.delete(f"/v1/{path}")

    def fetch(self, path: str) -> bytes:
        """Return the answer at *path* as it is, such as a snapshot."""
        answer = self._raw("GET", path)
        return answer.content

    def send(self, path: str, content: bytes) -> None:
        """Send *content* to *path* as it is."""
        self._raw("POST", path, content)

    def mounted(self, kind: str) -> set[str]:
        """Return where something is mounted: `mounts` for secrets, `auth` for ways to sign in."""
        return {path.rstrip("/") for path in self.read(f"sys/{kind}") or {}}

    def _raw(self, method: str, path: str, content: bytes | None = None) -> requests.Response:
        adapter = self._client.adapter
        answer = requests.request(
            method,
            f"{adapter.base_uri}/v1/{path}",
            data=content,
            headers={"X-Vault-Token": adapter.token},
            verify=adapter.session.verify,
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        return answer


def connect(state: State, token: str = "") -> hvac.Client:
    """Return a client of this stack's Vault; nothing of it comes from the environment."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(state / "tls/ca.pem")
    return hvac.Client(
        url=server.url(state),
        token=token,
        session=session,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


@contextmanager
def signed_in(state: State, name: str = "operator-one") -> Iterator[Operator]:
    """Sign in as an operator for the time of the block."""
    client = connect(state)
    client.auth.userpass.login(name, server.operators(state)[name], mount_point="operators")
    try:
        yield Operator(client)
    finally:
        # After a restore Vault knows nothing of this token: it is as good as revoked.
        with suppress(VaultError, requests.RequestException):
            client.auth.token.revoke_self()
