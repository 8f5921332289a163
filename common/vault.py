"""
What the services ask of Vault: record keys, data keys, blind indexes, signatures, certificates.

Shared because every process has a Vault role. Each process may do only a few of these; which ones
is written in `deploy/vault/policies`, and everything else is answered with `VaultDenied`.

There is no cache here. A data key asked for twice is two calls, so that two openings leave two
audit lines and a destroyed key is gone at once.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import attrs

from common.config import VaultSettings
from common.vault_session import (
    Answer,
    KeyGone,
    VaultDenied,
    VaultRefused,
    VaultSession,
    VaultUnavailable,
    decision,
)

__all__ = [
    "Certificate",
    "DataKey",
    "KeyGone",
    "Vault",
    "VaultDenied",
    "VaultRefused",
    "VaultUnavailable",
    "decision",
]

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


@attrs.frozen
class DataKey:
    """One item's key: to seal with and forget, and, wrapped, to store beside the ciphertext."""

    plaintext: bytes = attrs.field(repr=False)
    wrapped: str = attrs.field(repr=False)


@attrs.frozen
class Certificate:
    """A certificate of this process with its intermediate, in PEM; the root is not in it."""

    chain_pem: bytes
    key_pem: bytes = attrs.field(repr=False)
    expires_at: datetime


class Vault:
    """
    Vault, as one process may use it.

    Every method raises `VaultUnavailable` when Vault does not answer, and `VaultDenied` when this
    process's policy does not grant it. Names of mounts, keys and roles are ours and constant or
    random; anything else is a `ValueError` before a request is made.
    """

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    @classmethod
    def login(cls, settings: VaultSettings, on_lost: Callable[[], None] | None = None) -> Vault:
        """
        Sign in with the wrapped secret-id of this start, and stay signed in.

        Args:
            settings: where Vault is and where the wrapped secret-id lies; the file is deleted.
            on_lost: what happens when the session can't be kept; by default the process exits
                with status 75 for the supervisor to start it again.
        """
        return cls(VaultSession.login(settings, on_lost))

    def close(self) -> None:
        """Sign out; database logins of this process end with it."""
        self._session.close()

    # Record keys and data keys

    def create_record_key(self, mount: str, uuid: str) -> None:
        """Create the key of a new record. A key of that name that exists stays as it is."""
        self._write("create-key", _path(mount, "keys", uuid), {"derived": True})

    def new_data_key(self, mount: str, uuid: str, item: str) -> DataKey:
        """
        Make a new data key for one item (its name, such as `notes/<uuid>`) of a record.

        Raises:
            KeyGone: the record has no key; it was disposed of.
        """
        path = _path(mount, "datakey", "plaintext", uuid)
        made = self._write("datakey", path, {"context": _base64(item.encode())})
        return DataKey(plaintext=_bytes(made["plaintext"]), wrapped=made["ciphertext"])

    def unwrap_keys(self, mount: str, uuid: str, items: Sequence[tuple[str, str]]) -> list[bytes]:
        """
        Open the wrapped data keys of items of one record, `(item, wrapped)`, in one call.

        Returns:
            The data keys in the order of *items*. All or none.

        Raises:
            KeyGone: the record was disposed of.
            VaultRefused: one of them belongs to another item or was changed.
        """
        if not items:
            return []
        batch = [
            {"ciphertext": wrapped, "context": _base64(item.encode())} for item, wrapped in items
        ]
        answer = self._session.ask(
            "POST",
            "decrypt",
            _path(mount, "decrypt", uuid),
            {"batch_input": batch},
            **{"sas.op": "decrypt"},
        )
        return [_bytes(each["plaintext"]) for each in answer["data"]["batch_results"]]

    def destroy_record_key(self, mount: str, uuid: str) -> None:
        """
        Destroy a record's key, for ever. Doing it again does nothing.

        What still holds it are Vault's own snapshots; `deploy.vault.disposals` sees to those.
        """
        try:
            self._write("allow-destroy", _path(mount, "keys", uuid, "config"), _DESTROYABLE)
            self._session.ask("DELETE", "destroy-key", _path(mount, "keys", uuid))
        except KeyGone:
            return

    def record_key_exists(self, mount: str, uuid: str) -> bool:
        """Say whether the record still has its key."""
        try:
            self._read("read-key", _path(mount, "keys", uuid))
        except KeyGone:
            return False
        return True

    # Blind indexes, coded facts, signatures

    def hmac(self, mount: str, key: str, value: bytes) -> bytes:
        """Give the HMAC-SHA-256 (32 bytes) of *value*, for a blind index or a pseudonym."""
        path = _path(mount, "hmac", key, "sha2-256")
        return _payload(self._write("hmac", path, {"input": _base64(value)})["hmac"])

    def encrypt(self, mount: str, key: str, plaintext: bytes, *, bound_to: str = "") -> str:
        """
        Encrypt coded facts or mails with a key that many share; a record's words go through `seal`.

        Args:
            mount: `facts` or `post`.
            key: the key's name.
            plaintext: what to encrypt.
            bound_to: what it belongs to; it opens for nothing else (associated data).

        Raises:
            VaultDenied: not granted, or there is no such key: using one never makes one.
        """
        body = {"plaintext": _base64(plaintext), **_associated(bound_to)}
        made = self._write("encrypt", _path(mount, "encrypt", key), body)
        ciphertext: str = made["ciphertext"]
        return ciphertext

    def decrypt(self, mount: str, key: str, ciphertext: str, *, bound_to: str = "") -> bytes:
        """
        Open what `encrypt` made.

        Raises:
            KeyGone: the cohort's key was destroyed.
            VaultRefused: it was changed, or belongs to another key or to something else.
        """
        body = {"ciphertext": ciphertext, **_associated(bound_to)}
        return _bytes(self._write("decrypt", _path(mount, "decrypt", key), body)["plaintext"])

    def decrypt_many(self, mount: str, key: str, ciphertexts: Sequence[str]) -> list[bytes]:
        """
        Open many of what `encrypt` made with one key, in one call: all or none.

        Raises:
            KeyGone: the cohort's key was destroyed.
            VaultRefused: one of them was changed, or belongs to another key.
        """
        if not ciphertexts:
            return []
        batch = [{"ciphertext": each} for each in ciphertexts]
        answer = self._write("decrypt", _path(mount, "decrypt", key), {"batch_input": batch})
        return [_bytes(each["plaintext"]) for each in answer["batch_results"]]

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """
        Give the Ed25519 signature (64 bytes, RFC 8032) of *message*.

        Args:
            mount: `tokens` or `ledger`.
            key: the key's name.
            message: at most 32 MiB, and ours are below 64 KiB.
            version: of the key, for a message that names its key; else the newest.
        """
        body: Answer = {"input": _base64(message)}
        if version is not None:
            body["key_version"] = version
        return _payload(self._write("sign", _path(mount, "sign", key), body)["signature"])

    def public_keys(self, mount: str, key: str) -> dict[int, bytes]:
        """Give the raw Ed25519 public keys (32 bytes) of all versions of a key still in use."""
        versions = self._read("public-keys", _path(mount, "keys", key))["keys"]
        return {int(version): _bytes(each["public_key"]) for version, each in versions.items()}

    # Secrets, certificates, database logins

    def secret(self, path: str) -> dict[str, str]:
        """
        Read a secret, such as `rabbitmq/cases-work`, in its newest version.

        Raises:
            KeyGone: there is no such secret.
        """
        found = self._read("secret", _path("secret", "data", *path.split("/")))
        return {name: str(value) for name, value in found["data"].items()}

    def issue_certificate(
        self,
        role: str,
        *,
        domain: str = "sas",
        names: Sequence[str] = ("localhost",),
        addresses: Sequence[str] = ("127.0.0.1",),
    ) -> Certificate:
        """
        Issue a certificate for mutual TLS, good for an hour, as `spiffe://<domain>/<role>`.

        Args:
            role: the service's name, also the name of the role in Vault's PKI.
            domain: the SPIFFE trust domain, `[trust].domain` of the settings.
            names: DNS names in the certificate; the role in Vault must allow them.
            addresses: IP addresses in the certificate.
        """
        made = self._write(
            "issue-certificate",
            _path("pki", "issue", role),
            {
                "uri_sans": f"spiffe://{domain}/{role}",
                "alt_names": ",".join(names),
                "ip_sans": ",".join(addresses),
            },
        )
        return Certificate(
            chain_pem=f"{made['certificate']}\n{made['issuing_ca']}\n".encode(),
            key_pem=f"{made['private_key']}\n".encode(),
            expires_at=datetime.fromtimestamp(made["expiration"], UTC),
        )

    def database_login(self, role: str) -> tuple[str, str, str, int]:
        """
        Make a new database login for this process.

        Nothing renews it: `common.db` asks for the next one in time, and the old one ends by
        itself, as it does when this process signs out or loses its session.

        Returns:
            User name, password, lease id, and the seconds it lives.
        """
        answer = self._session.ask("GET", "database-login", _path("database", "creds", role))
        made, seconds = answer["data"], int(answer["lease_duration"])
        return made["username"], made["password"], answer["lease_id"], seconds

    def _read(self, operation: str, path: str) -> Answer:
        data: Answer = self._session.ask("GET", operation, path)["data"]
        return data

    def _write(self, operation: str, path: str, body: Answer) -> Answer:
        data: Answer = self._session.ask("POST", operation, path, body).get("data") or {}
        return data


_DESTROYABLE: Answer = {"deletion_allowed": True}


def _path(*segments: str) -> str:
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise ValueError("not a name that a path in Vault may have")
    return "/".join(segments)


def _associated(bound_to: str) -> Answer:
    return {"associated_data": _base64(bound_to.encode())} if bound_to else {}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(encoded: str) -> bytes:
    return base64.b64decode(encoded, validate=True)


def _payload(prefixed: str) -> bytes:
    """Take the bytes out of `vault:v<version>:<base64>`."""
    return _bytes(prefixed.rsplit(":", 1)[1])
