"""The databases, as their superuser sees them, and a backup of them."""

from __future__ import annotations

import base64
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.demo.behind.patience import PATIENCE_SECONDS
from deploy.postgres import provision
from deploy.postgres.server import SUPERUSER_SECRET, binaries
from deploy.state import State


def dump(state: State, database: str) -> str:
    """Return the whole database as SQL."""
    return _postgres(state, "pg_dump", "--dbname", database).stdout.decode()


def dump_to_file(state: State, database: str) -> Path:
    """Dump a database into a file in the state directory, as a nightly backup would."""
    path = state / "run" / f"{database}.dump"
    made = _postgres(state, "pg_dump", "--format=custom", "--dbname", database)
    path.write_bytes(made.stdout)
    path.chmod(0o600)
    return path


def holds(raw: str, words: str) -> bool:
    """Whether *raw* holds *words*, as text or as bytes in hexadecimal or base64."""
    coded = words.encode()
    return any(form in raw for form in (words, coded.hex(), base64.b64encode(coded).decode()))


def rows_about(state: State, database: str, name: str) -> str:
    """Return every row of *database* in which the random name occurs, shortened."""
    found: list[str] = []
    uuid = name.rpartition("/")[2]
    with provision.connect(state, database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT t::text FROM {} t WHERE t::text LIKE %s").format(
                sql.Identifier(str(table))
            )
            for (row,) in connection.execute(query, (f"%{uuid}%",)):
                text = str(row)
                found.append(f"{table}: {text[:240]}{'...' if len(text) > 240 else ''}")
    return "\n".join(found)


@contextmanager
def restored(state: State, backup: Path) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Restore *backup* into a scratch database for the time of the block."""
    scratch = f"scratch_{int(time.time())}"
    with provision.connect(state, "postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(scratch)))
        try:
            _postgres(state, "pg_restore", "--dbname", scratch, str(backup))
            with provision.connect(state, scratch) as connection:
                yield connection
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch)))


def restored_note(state: State, backup: Path, note: str) -> str | None:
    """Return the wrapped data key of a note, from a backup restored into a scratch database."""
    with restored(state, backup) as connection:
        return wrapped_key(connection, note)


def wrapped_key(connection: psycopg.Connection[tuple[object, ...]], note: str) -> str | None:
    """Return the wrapped data key of a note; None where nothing sealed is left."""
    row = connection.execute(
        "SELECT wrapped_key FROM notes WHERE id = %s AND sealed IS NOT NULL",
        (note.removeprefix("notes/"),),
    ).fetchone()
    return None if row is None else str(row[0])


def _postgres(state: State, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run one of PostgreSQL's programs as the superuser, the password in a private file."""
    with tempfile.NamedTemporaryFile("w", prefix="sas-", suffix=".pgpass") as passwords:
        passwords.write(f"*:*:*:postgres:{(state / SUPERUSER_SECRET).read_text()}\n")
        passwords.flush()
        return subprocess.run(
            [
                str(binaries() / program),
                f"--host={state / 'postgres/socket'}",
                f"--port={state.port('postgres')}",
                "--username=postgres",
                "--no-password",
                *arguments,
            ],
            env={"PGPASSFILE": passwords.name, "LANG": "C.UTF-8"},
            capture_output=True,
            check=True,
        )


def wait_for_facts(state: State) -> None:
    """Wait until what cases and identity sent has arrived in reports; at most 30 seconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    arrived = -1
    while time.monotonic() < deadline:
        waiting = sum(_count(state, database, "outbox") for database in ("cases", "identity"))
        before, arrived = arrived, _count(state, "reports", "inbox")
        if waiting == 0 and arrived == before:
            return
        time.sleep(1)


def _count(state: State, database: str, table: str) -> int:
    with provision.connect(state, database) as connection:
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    return int(str(row[0])) if row else 0
