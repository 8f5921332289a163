"""
The gateway's certificate on disk, as Envoy watches it.

    certificate/sds.json            says where the two files are
    certificate/current -> 3        changed by a rename, so Envoy never sees half a pair
    certificate/3/{chain,key}.pem

Envoy watches the folder and reads the pair again when the link is moved (SDS by file).
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from deploy.gateway.names import typed


def write(run_directory: Path, chain_pem: bytes, key_pem: bytes) -> None:
    """Put a new pair in the place of the old one."""
    folder = run_directory / "certificate"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    numbers = [int(each.name) for each in folder.iterdir() if each.name.isdigit()]
    new = folder / str(max(numbers, default=0) + 1)
    new.mkdir(mode=0o700)
    _write_private(new / "chain.pem", chain_pem)
    _write_private(new / "key.pem", key_pem)
    if not (folder / "sds.json").exists():
        _write_private(folder / "sds.json", json.dumps(_sds()).encode())
    link = folder / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(new.name)
    link.rename(folder / "current")
    for number in numbers:
        shutil.rmtree(folder / str(number), ignore_errors=True)


def _sds() -> dict[str, object]:
    files = {
        "certificate_chain": {"filename": "certificate/current/chain.pem"},
        "private_key": {"filename": "certificate/current/key.pem"},
        "watched_directory": {"path": "certificate"},
    }
    secret = typed(
        "envoy.extensions.transport_sockets.tls.v3.Secret", name="gateway", tls_certificate=files
    )
    return {"resources": [secret]}


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
