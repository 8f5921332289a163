"""
The private PostgreSQL of one stack: Debian's binaries, our own cluster, TLS and scram only.

PostgreSQL refuses to run as root, so when we are root it runs as Debian's user `postgres`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import socket
import ssl
import string
import struct
import subprocess
from pathlib import Path

from deploy.certificates import issue_server_certificate
from deploy.state import State, StateError, give, server_user, write_private
from deploy.supervisor.process import Command, NotReady

HERE = Path(__file__).resolve().parent
SUPERUSER_SECRET = "secrets/postgres-superuser"  # noqa: S105 (a file's name)
SUPERUSER_URL = "secrets/postgres-superuser-url"
"""There when the server is not ours: how its owner connects to it."""
PROTOCOL_3 = 196608
SSL_REQUEST = 80877103


def binaries() -> Path:
    """Return the folder of the newest installed server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])
    )
    if not found:
        raise StateError("PostgreSQL is not installed; run `make setup`")
    return found[-1].parent


def prepare(state: State) -> None:
    """Make the cluster unless it is there, and write its configuration."""
    user = server_user("postgres")
    if not (state / "postgres/data").exists():
        initialise(state, user)
    configure(state, user)


def configure(state: State, user: str | None) -> None:
    """Write what a server reads; *user* is the system user who runs it, None for ourselves."""
    home = state / "postgres"
    (home / "socket").mkdir(exist_ok=True)
    give(home / "socket", user, 0o755)
    certificate = issue_server_certificate(state, "postgres", user=user)
    hba = home / "pg_hba.conf"
    write_private(hba, (HERE / "pg_hba.conf").read_text(), mode=0o644)
    template = string.Template((HERE / "postgresql.conf").read_text().replace("${...}", "$${...}"))
    settings = template.substitute(
        port=state.port("postgres"),
        sockets=home / "socket",
        hba=hba,
        certificate=certificate.certificate,
        key=certificate.key,
    )
    write_private(home / "postgresql.conf", settings, mode=0o644)


def initialise(state: State, user: str | None) -> None:
    """Run initdb in a folder that takes its real name when it is complete."""
    password = secrets.token_urlsafe(32)
    write_private(state / SUPERUSER_SECRET, password)
    unfinished, for_initdb = state / "postgres/data.new", state / "postgres/initial-password"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, user, 0o700)
    write_private(for_initdb, password, user=user)
    try:
        subprocess.run(
            [
                str(binaries() / "initdb"),
                "--username=postgres",
                "--auth=scram-sha-256",
                f"--pwfile={for_initdb}",
                "--locale=C.UTF-8",
                "--encoding=UTF8",
                "--data-checksums",
                f"--pgdata={unfinished}",
            ],
            check=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            stdout=subprocess.DEVNULL,
        )
    finally:
        for_initdb.unlink()
    unfinished.rename(state / "postgres/data")


def command(state: State) -> Command:
    """Return how to start the server, in the foreground."""
    home = state / "postgres"
    return Command(
        argv=[
            str(binaries() / "postgres"),
            "-D",
            str(home / "data"),
            "-c",
            f"config_file={home / 'postgresql.conf'}",
        ],
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        cwd=home / "data",
        user=server_user("postgres"),
    )


def ready(state: State) -> None:
    """
    Ask for a TLS session as a client would; a server that asks for a password takes clients.

    While it starts or recovers, PostgreSQL answers with an error instead.
    """
    context = ssl.create_default_context(cafile=str(state / "tls/ca.pem"))
    address = ("127.0.0.1", state.port("postgres"))
    with socket.create_connection(address, timeout=2) as plain:
        plain.sendall(struct.pack("!ii", 8, SSL_REQUEST))
        if plain.recv(1) != b"S":
            raise NotReady("no TLS")
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            names = b"user\0readiness\0database\0postgres\0\0"
            secure.sendall(struct.pack("!ii", 8 + len(names), PROTOCOL_3) + names)
            answer = secure.recv(256)
            with contextlib.suppress(OSError):
                secure.unwrap()  # a proper goodbye; without it the server logs a lost connection
    if not answer.startswith(b"R"):
        code = re.search(rb"\0C([0-9A-Z]{5})\0", answer)
        raise NotReady(f"SQLSTATE {code[1].decode()}" if code else "no answer")
