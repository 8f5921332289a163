"""
What the witness remembers: of each log the largest checkpoint it has signed, and what contradicts.

One SQLite file of the witness's own. A change is on the disk before anybody is answered, and the
look at the latest checkpoint and its replacement are one transaction, also between processes; else
a slow request could roll back what a quick one has signed (C2SP tlog-witness).

Never restore it from a backup: a witness that has forgotten is worse than none. Take a new key.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from witness.merkle import EMPTY_ROOT

_TABLES = """
create table if not exists latest (
    origin text primary key,
    size integer not null,
    root blob not null,
    note blob not null,
    signed_at integer not null
) strict;
create table if not exists evidence (
    origin text not null,
    kind text not null,
    note blob not null,
    against blob not null,
    seen_at integer not null,
    primary key (origin, kind)
) strict;
"""

FORK = "fork"
"""Two checkpoints of one size: both signed by the log, so the log is proved to have lied."""
UNPROVEN = "unproven"
"""A larger checkpoint without a proof that it only grew: a fork, or somebody's spoilt request."""
ROLLBACK = "rollback"
"""A smaller checkpoint than we have signed: a restored backup, or an old one sent once more."""


@dataclass(frozen=True)
class Latest:
    """The largest checkpoint of a log that we have signed."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: bytes = b""
    signed_at: int = 0


@dataclass(frozen=True)
class Evidence:
    """A checkpoint that the log signed and that does not go with the one we had signed."""

    origin: str
    kind: str
    note: bytes
    against: bytes
    seen_at: int


class Turn:
    """One transaction; nobody else's comes in between."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def latest(self, origin: str) -> Latest:
        """Give the largest checkpoint signed of this log; the empty log if there is none."""
        row = self._connection.execute(
            "select size, root, note, signed_at from latest where origin = ?", (origin,)
        ).fetchone()
        return Latest() if row is None else Latest(*row)

    def sign(self, origin: str, latest: Latest) -> None:
        """Remember this checkpoint as the largest."""
        self._connection.execute(
            "insert into latest values (?, ?, ?, ?, ?) on conflict (origin) do update set"
            " size = excluded.size, root = excluded.root, note = excluded.note,"
            " signed_at = excluded.signed_at",
            (origin, latest.size, latest.root, latest.note, latest.signed_at),
        )

    def keep(self, evidence: Evidence) -> None:
        """Keep the last of each kind, so that one kind can't push another out."""
        self._connection.execute(
            "insert or replace into evidence values (?, ?, ?, ?, ?)",
            (evidence.origin, evidence.kind, evidence.note, evidence.against, evidence.seen_at),
        )


class Store:
    """The file."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            file, timeout=10, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")  # every commit reaches the disk
        self._connection.executescript(_TABLES)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Give a transaction that is committed, to the disk, at the end of the block."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield Turn(self._connection)
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def all_latest(self) -> list[tuple[str, Latest]]:
        """Give the largest checkpoint of each log."""
        with self._lock:
            rows = self._connection.execute(
                "select origin, size, root, note, signed_at from latest order by origin"
            ).fetchall()
        return [(row[0], Latest(*row[1:])) for row in rows]

    def all_evidence(self) -> list[Evidence]:
        """Give all that contradicts."""
        with self._lock:
            rows = self._connection.execute(
                "select origin, kind, note, against, seen_at from evidence order by origin, kind"
            ).fetchall()
        return [Evidence(*row) for row in rows]

    def close(self) -> None:
        """Leave the file."""
        self._connection.close()
