"""
Snapshots of Vault's storage, and putting one back.

A snapshot is encrypted, and opens only together with the unseal key, which is not in it: keep the
two apart. It still holds the keys of records disposed of since, so it is kept for at most 14 days,
and what was disposed of is replayed (`deploy.vault.disposals`) before a restored Vault serves.

    python -m deploy.vault.snapshots take FOLDER
    python -m deploy.vault.snapshots restore FILE
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

from deploy.state import State
from deploy.vault.operator import signed_in

KEPT = dt.timedelta(days=14)
"""From a record's disposal until nobody on earth can open it again."""

NAME = "vault-%Y%m%dT%H%M%SZ.snapshot"


def main() -> None:
    """Take or restore a snapshot of the stack that the environment names."""
    state, now = State.from_environment(), dt.datetime.now(dt.UTC)
    match sys.argv[1:]:
        case ["take", folder]:
            for old in remove_old(Path(folder), now):
                print(f"removed {old}")
            print(f"took {take(state, Path(folder), now)}")
        case ["restore", file]:
            restore(state, Path(file))
            print("restored; replay the disposals before you start anything else")
        case _:
            sys.exit("usage: python -m deploy.vault.snapshots take FOLDER | restore FILE")


def take(state: State, folder: Path, now: dt.datetime) -> Path:
    """Write a snapshot into *folder*, readable by us alone, and return its file."""
    with signed_in(state) as operator:
        content = operator.fetch("sys/storage/raft/snapshot")
    file = folder / now.strftime(NAME)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    return file


def remove_old(folder: Path, now: dt.datetime) -> list[Path]:
    """Remove the snapshots in *folder* that are too old by their names, and return them."""
    oldest = (now - KEPT).strftime(NAME)
    old = sorted(file for file in folder.glob("vault-*.snapshot") if file.name < oldest)
    for file in old:
        file.unlink()
    return old


def restore(state: State, file: Path) -> None:
    """
    Put the snapshot in *file* back, over everything that is there now.

    The processes of the stack must be stopped, and stay so until the disposals were replayed. Vault
    takes a few seconds until it answers again, and afterwards knows no session from before.
    """
    with signed_in(state) as operator:
        operator.send("sys/storage/raft/snapshot-force", file.read_bytes())


if __name__ == "__main__":
    main()
