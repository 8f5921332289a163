"""
Who may do what at the broker: one user for each worker process, and nobody else.

The passwords are made here once. The broker gets salted hashes of them; the passwords themselves
go to Vault (`secret/rabbitmq/<process>`) by way of one file that provisioning removes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from deploy.state import State, write_private

VHOST = "sas"
WORKERS = ("identity-work", "cases-work", "consent-work", "reports-work")
FOR_VAULT = "secrets/rabbitmq.json"
DEFINITIONS = "rabbitmq/definitions.json"
ANY_SERVICE = "(identity|cases|consent|reports)"


def make(state: State, user: str | None) -> None:
    """Make passwords and definitions, unless they have been made."""
    if (state / DEFINITIONS).exists():
        return
    passwords = {worker: secrets.token_urlsafe(32) for worker in WORKERS}
    write_private(state / FOR_VAULT, json.dumps(passwords))
    definitions = json.dumps(describe(passwords), indent=1)
    write_private(state / DEFINITIONS, definitions, user=user)


def describe(passwords: dict[str, str]) -> dict[str, Any]:
    """Return the definitions for the users in *passwords*."""
    return {
        "users": [
            {
                "name": name,
                "password_hash": salted_hash(password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for name, password in passwords.items()
        ],
        "vhosts": [{"name": VHOST}],
        "permissions": [{"user": name, "vhost": VHOST} | rights(name) for name in passwords],
    }


def rights(worker: str) -> dict[str, str]:
    """
    Return what *worker* may do, as the broker's three patterns of names.

    A relay makes the queues of those who will read its events, so that nothing is lost before they
    first run; that takes the right to configure and bind any service's queue, and to read from the
    wait queues (the broker asks for it where a queue passes messages on). Only a service's own
    queues can be read besides.
    """
    own = worker.removesuffix("-work")
    queues = rf"{ANY_SERVICE}\.[A-Za-z]+(\.wait\.[0-9]+|\.dead)?"
    return {
        "configure": rf"^(events|{queues})$",
        "write": rf"^(events|amq\.default|{queues})$",
        "read": rf"^(events|{own}\..+|{ANY_SERVICE}\.[A-Za-z]+\.wait\.[0-9]+)$",
    }


def salted_hash(password: str) -> str:
    """Return the password as the broker keeps it: four bytes of salt, then SHA-256 over both."""
    salt = secrets.token_bytes(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    return base64.b64encode(salt + digest).decode()
