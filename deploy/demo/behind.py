"""
A look behind the scenes: what a database superuser, a thief of one service or an auditor can see.

Nobody in the story uses these; they are here so that the checks look at the real thing.
"""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import psycopg
from psycopg import sql
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from clients.gateway import understood_errors
from common.config import VaultSettings
from common.vault import KeyGone, Vault, VaultDenied
from deploy import command, witness
from deploy.demo import people
from deploy.postgres import provision
from deploy.postgres.server import SUPERUSER_SECRET, binaries
from deploy.state import State, write_private
from deploy.telemetry import spans
from deploy.telemetry.store import SpanStore
from deploy.vault import operator

PATIENCE_SECONDS = 30


# The database, as its superuser


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
        return _wrapped_key(connection, note)


def _wrapped_key(connection: psycopg.Connection[tuple[object, ...]], note: str) -> str | None:
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


# Vault, as an operator and as the thief of one service


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
        wrapped = _wrapped_key(connection, note)
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


# The ledger, the traces, the mail


def latest_entry(state: State, action: str) -> int:
    """Return the place of the newest ledger entry of *action* that allowed it."""
    with provision.connect(state, "consent") as connection:
        row = connection.execute(
            "SELECT idx FROM entries WHERE action = %s AND effect = 'allow' "
            "ORDER BY idx DESC LIMIT 1",
            (action,),
        ).fetchone()
    return -1 if row is None else int(str(row[0]))


def entry(state: State, index: int) -> dict[str, object]:
    """Return one ledger entry."""
    with provision.connect(state, "consent") as connection:
        row = connection.execute("SELECT entry FROM entries WHERE idx = %s", (index,)).fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise LookupError(index)
    found: dict[str, object] = json.loads(row[0])
    return found


def trace_tree(state: State, index: int) -> str:
    """Return the trace of one ledger entry as a tree, once its spans have arrived."""
    trace_id = str(entry(state, index)["trace"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        store = SpanStore(state / "telemetry/spans.db")
        tree = spans.render(spans.build(store.trace(trace_id)))
        store.close()
        if ("gateway" in tree and "vault" in tree) or time.monotonic() > deadline:
            return tree
        time.sleep(0.5)


@attrs.frozen
class Opening:
    """One opening, on the clocks of the ledger and of Vault."""

    committed: str
    asked: str


def order_of_opening(state: State, action: str, student: str) -> Opening:
    """
    Return when an entry was made and when Vault was asked for a key under the same decision.

    It is the student's newest entry with this action. Their own list tells no place in the ledger.
    """
    with provision.connect(state, "consent") as connection:
        row = connection.execute(
            "SELECT coalesce(max(idx), -1) FROM entries WHERE action = %s AND student = %s",
            (action, student),
        ).fetchone()
    found = entry(state, int(str(row[0])) if row else -1)
    asked = ""
    for line in (state / "vault/audit.log").read_text().splitlines():
        record = json.loads(line)
        headers = record.get("request", {}).get("headers") or {}
        if record["type"] == "request" and headers.get("x-sas-decision") == [found["entry"]]:
            asked = record["time"]
    return Opening(committed=str(found["at"]), asked=asked)


def mails_to(state: State, address: str) -> int:
    """Count the mails in the third party's mailbox."""
    mails = (email.message_from_bytes(each.read_bytes()) for each in _mailbox(state))
    return sum(address in str(mail["To"]) for mail in mails)


def arrives(state: State, address: str, before: int) -> str:
    """Wait for one mail more than *before* in a mailbox, and return its words; empty if none."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        mails = [email.message_from_bytes(each.read_bytes()) for each in _mailbox(state)]
        ours = [mail for mail in mails if address in str(mail["To"])]
        if len(ours) > before:
            return str(ours[-1].get_payload()).strip()
        time.sleep(0.2)
    return ""


def _mailbox(state: State) -> list[Path]:
    return sorted((state / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)


def mail_for(state: State, address: str) -> tuple[str, str]:
    """Return link token and code from the two newest mails in the third party's mailbox."""
    link = code = ""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (link and code) and time.monotonic() < deadline:
        for path in _mailbox(state):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] is None or address not in message["To"]:
                continue
            part = message.get_body()
            text = part.get_content() if part is not None else ""
            if found := re.search(r"/d/#(\S+)", text):
                link = found[1]
            elif found := re.search(r"\b(\d{8})\b", text):
                code = found[1]
        time.sleep(0.2)
    return link, code


def run_sas(state: State, person: people.Person, *arguments: str) -> tuple[int, str]:
    """Run the staff command as *person*, and return its exit code and what it printed."""
    with tempfile.TemporaryDirectory(prefix="sas-") as folder:
        session = Path(folder) / "session"
        session.touch(mode=0o600)
        session.write_text(person.token)
        done = subprocess.run(
            [sys.executable, "-m", "clients.staff.main", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "SAS_GATEWAY": people.address(state),
                "SAS_CA_FILE": str(state / "tls/ca.pem"),
                "SAS_SESSION_FILE": str(session),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, (done.stdout + done.stderr).strip()


def is_witnessed(state: State, auditor: people.Person) -> bool:
    """Whether the ledger's witness has signed it, by the witness's own key; wait for its turn."""
    with tempfile.TemporaryDirectory(prefix="sas-") as folder:
        key = Path(folder) / "witness.vkey"
        key.write_text(witness.verifier_key(state))
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            code, output = run_sas(state, auditor, "ledger", "fsck", "--witness-key", str(key))
            if code == 0 or time.monotonic() > end:
                return code == 0 and "signed a checkpoint" in output
            time.sleep(1)


def fsck_of_tampered_copy(state: State, auditor: people.Person) -> tuple[int, str, int]:
    """
    Copy the ledger, change one byte of one entry in the copy as the superuser, and check it.

    The auditor has had the ledger's verifier key from the ledger itself, before.

    Returns:
        The checking command's exit code, what it printed, and the entry's place.
    """
    with restored(state, dump_to_file(state, "consent")) as connection:
        row = connection.execute("SELECT idx, entry FROM entries ORDER BY idx OFFSET 3").fetchone()
        if row is None or not isinstance(row[1], bytes):
            raise LookupError("the ledger has no fourth entry")
        index, original = int(str(row[0])), row[1]
        changed = original[:-2] + bytes([original[-2] ^ 1]) + original[-1:]
        connection.execute("UPDATE entries SET entry = %s WHERE idx = %s", (changed, index))
        done = _fsck(state, connection.info.dbname, _verifier_key(auditor))
    return done.returncode, (done.stdout + done.stderr).strip(), index


def _verifier_key(auditor: people.Person) -> str:
    with understood_errors():
        checkpoint = auditor.at(ledger_pb2_grpc.LedgerServiceStub).GetCheckpoint(
            ledger_pb2.GetCheckpointRequest()
        )
    return checkpoint.public_key


def _fsck(state: State, database: str, key: str) -> subprocess.CompletedProcess[str]:
    """Run consent's own check on a copy of its database."""
    password = (state / SUPERUSER_SECRET).read_text()
    place = urllib.parse.urlencode(
        {"host": str(state / "postgres/socket"), "port": state.port("postgres")}
    )
    with tempfile.TemporaryDirectory(prefix="sas-") as folder:
        url_file, key_file = Path(folder) / "url", Path(folder) / "vkey"
        write_private(url_file, f"postgresql://postgres:{password}@/{database}?{place}")
        write_private(key_file, key)
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "services.consent",
                "fsck",
                f"--database-url-file={url_file}",
                f"--vkey-file={key_file}",
            ],
            capture_output=True,
            text=True,
            check=False,
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
