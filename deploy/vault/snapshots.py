"""
Snapshots of Vault's storage, and putting one back.

A snapshot is encrypted, and opens only together with the unseal key, which is not in it: keep the
two apart. It still holds the keys of records disposed of since, so it is kept for at most 14 days,
and what was disposed of is replayed (`deploy.vault.disposals`) before a restored Vault serves.
"""

from __future__ import annotations

import os
from pathlib import Path

from deploy.state import State
from deploy.vault.operator import signed_in

KEPT_DAYS = 14


def take(state: State, file: Path) -> None:
    """Write a snapshot to *file*, readable by us alone."""
    with signed_in(state) as operator:
        content = operator.fetch("sys/storage/raft/snapshot")
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)


def restore(state: State, file: Path) -> None:
    """
    Put the snapshot in *file* back, over everything that is there now.

    The processes of the stack must be stopped, and stay so until the disposals were replayed. Vault
    takes a few seconds until it answers again, and afterwards knows no session from before.
    """
    with signed_in(state) as operator:
        operator.send("sys/storage/raft/snapshot-force", file.read_bytes())
