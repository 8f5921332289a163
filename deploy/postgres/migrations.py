"""
Whether a service's database has its newest form already, so that nothing needs to be migrated.

A process that only finds that out costs two seconds of a small machine's start; here it is one
query. What counts is what the database says, so a database restored from an older dump is seen.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from deploy.postgres.provision import connect
from deploy.state import CHECKOUT, State

REVISION = re.compile(r'^(revision|down_revision)\b[^=]*= *"([^"]+)"', re.MULTILINE)


def is_newest(state: State, service: str) -> bool:
    """Whether the database of *service* is at the newest of its migrations."""
    wanted = heads(CHECKOUT / "services" / service / "migrations/versions")
    try:
        with connect(state, service) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except psycopg.errors.UndefinedTable:
        return False
    return {row[0] for row in found} == wanted


def heads(folder: Path) -> set[str]:
    """Return the revisions in *folder* that no other follows."""
    revisions: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in folder.glob("*.py"):
        for what, revision in REVISION.findall(file.read_text()):
            revisions[what].add(revision)
    return revisions["revision"] - revisions["down_revision"]
