"""The ledger, as an auditor sees it: its entries, their traces, and whether it is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import attrs
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from clients.gateway import understood_errors
from deploy import witness
from deploy.demo import people
from deploy.demo.behind.database import dump_to_file, restored
from deploy.demo.behind.patience import PATIENCE_SECONDS
from deploy.postgres import provision
from deploy.postgres.server import SUPERUSER_SECRET
from deploy.state import State, write_private
from deploy.telemetry import spans
from deploy.telemetry.store import SpanStore


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
