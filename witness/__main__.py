"""
A witness of transparency logs.

    python -m witness keygen --name NAME --key-file FILE    make a key; prints the verifier key
    python -m witness serve --config FILE                   watch
    python -m witness show --config FILE                    what was signed last, and what is wrong
    python -m witness show --config FILE --log ORIGIN       one log's largest checkpoint, to be kept

`show` prints each log's largest checkpoint with our signature, and everything that the log has
signed against it. It ends with 1 if that is proof: two roots of one size.
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from witness.config import Config, ConfigError, load, make_key
from witness.judgement import Witness
from witness.notes import Checkpoint, cosign, public
from witness.server import Server, say
from witness.store import FORK, Store


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m witness", description="A log's witness.")
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="make a key")
    keygen.add_argument("--name", required=True)
    keygen.add_argument("--key-file", type=Path, required=True)
    for name in ("serve", "show"):
        command = commands.add_parser(name)
        command.add_argument("--config", type=Path, required=True)
        if name == "show":
            command.add_argument("--log", metavar="ORIGIN")
    told = parser.parse_args(arguments)
    try:
        if told.command == "keygen":
            print(public(told.name, make_key(told.key_file)))  # noqa: T201
            return 0
        config = load(told.config)
        return serve(config) if told.command == "serve" else show(config, told.log)
    except (ConfigError, OSError, sqlite3.Error) as error:
        print(f"witness: {error}", file=sys.stderr)  # noqa: T201
        return 2


def serve(config: Config) -> int:
    """Watch until told to stop."""
    store = Store(Path(config.database_file))
    witness = Witness(config.name, config.signing_key(), config.logs(), store)
    server = Server(config, witness)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say("witness_serving", key=str(witness.public))
    ended.wait()
    server.shutdown()
    server.server_close()
    store.close()
    return 0


def show(config: Config, only: str | None) -> int:
    """Print what a trustee keeps and compares."""
    store = Store(Path(config.database_file))
    key = config.signing_key()
    found, evidence = store.all_latest(), store.all_evidence()
    store.close()
    notes = {
        origin: latest.note.decode()
        + cosign(Checkpoint.parse(latest.note), config.name, key, latest.signed_at)
        for origin, latest in found
    }
    if only is not None:
        print(notes.get(only, ""), end="")  # noqa: T201
        return 0 if only in notes else 1
    for origin, latest in found:
        print(f"# {origin}: {latest.size} entries at {_time(latest.signed_at)}")  # noqa: T201
        print(notes[origin])  # noqa: T201
    for each in evidence:
        print(f"# {each.kind} of {each.origin}, seen at {_time(each.seen_at)}:")  # noqa: T201
        print(each.note.decode())  # noqa: T201
        print(f"# against:\n{each.against.decode()}")  # noqa: T201
    return 1 if any(each.kind == FORK for each in evidence) else 0


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


if __name__ == "__main__":
    sys.exit(main())
