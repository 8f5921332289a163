"""Vault, as an operator sees it, and as the thief of one service."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.config import VaultSettings
from common.vault import KeyGone, Vault, VaultDenied
from deploy import command
from deploy.demo.behind.database import wrapped_key
from deploy.postgres import provision
from deploy.state import State
from deploy.vault import operator


def record_key(state: State, mount: str, uuid: str) -> str:
    """Return what an operator sees of a record's key."""
    with operator.signed_in(state) as signed_in:
        found = signed_in.read(f"{mount}/keys/{uuid}") or {}
    return (
        f"{mount}/keys/{uuid}\n"
        f"type: {found.get('type')}  derived: {found.get('derived')}  "
        f"exportable: {found.get('exportable')}  created: {found.get('keys', {}).get('1')}"
    )


@contextmanager
def vault_as(state: State, role: str) -> Iterator[Vault]:
    """Sign in to Vault with the role of one process, as its thief would."""
    with command.settings(state, role) as path:
        login = tomllib.loads(path.read_text())["vault"]
        vault = Vault.login(
            VaultSettings(
                url=login["url"],
                ca_file=Path(login["ca_file"]),
                role_id=login["role_id"],
                wrapped_secret_id_file=Path(login["wrapped_secret_id_file"]),
            )
        )
        try:
            yield vault
        finally:
            vault.close()


def decrypt_refused(state: State, role: str, note: str, case: str) -> bool:
    """Whether Vault refuses *role* the data key of a note, with everything else in its hands."""
    with provision.connect(state, "cases") as connection:
        wrapped = wrapped_key(connection, note)
    if wrapped is None:
        return False
    with vault_as(state, role) as vault:
        try:
            vault.unwrap_keys("rk-case", case.removeprefix("cases/"), [(note, wrapped)])
        except VaultDenied:
            return True
    return False


def key_is_gone(state: State, case: str, note: str, wrapped: str) -> bool:
    """Whether even consent's role finds no key for the wrapped data key of a disposed record."""
    with vault_as(state, "consent-serve") as vault:
        try:
            vault.unwrap_keys("rk-case", case.removeprefix("cases/"), [(note, wrapped)])
        except KeyGone:
            return True
    return False
