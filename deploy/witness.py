"""
The witness of the embedded stack: its key, and the settings of both sides.

It shows how a witness works. It proves little: who owns the machine owns both sides. For a
union's own records it runs elsewhere, in other hands (docs/operators/witness.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.certificates import issue_server_certificate
from deploy.state import State, write_private
from witness.config import load_key, make_key
from witness.notes import ED25519, Key, public

ORIGIN = "sas/ledger"
"""The ledger's name, first line of every checkpoint; each ledger that shares a witness has its
own. Never change it while a ledger lives: receipts name it."""
NAME = "localhost/witness"
LEDGER_KEY = "tls/ledger.vkey"


def settings(state: State) -> dict[str, Any]:
    """Return the witness's own configuration; on the first call its key is made."""
    certificate = issue_server_certificate(state, "witness")
    verifier_key(state)
    return {
        "name": NAME,
        "listen": f"127.0.0.1:{state.port('witness')}",
        "certificate_file": str(certificate.certificate),
        "key_file": str(certificate.key),
        "signing_key_file": str(state / "witness/signing.key"),
        "logs_file": str(state / LEDGER_KEY),
        "database_file": str(state / "witness/witness.db"),
    }


def verifier_key(state: State) -> str:
    """Return what others know the witness by."""
    file = state / "witness/signing.key"
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        make_key(file)
    return str(public(NAME, load_key(file)))


def told_to_consent(state: State) -> dict[str, Any]:
    """Return what the ledger is told of its witness: where it is, and its public key."""
    return {
        "origin": ORIGIN,
        "witnesses": [f"{verifier_key(state)} https://127.0.0.1:{state.port('witness')}"],
        "witness_ca_file": str(state / "tls/ca.pem"),
    }


def publish_ledger_keys(state: State, keys: Mapping[int, bytes]) -> None:
    """Write the ledger's verifier keys, oldest first, for those who check it."""
    lines = [f"{Key(ORIGIN, ED25519, keys[version])}\n" for version in sorted(keys)]
    write_private(state / LEDGER_KEY, "".join(lines), mode=0o644)
