"""
How the ledger does, for `make status`: what it lacks, what stops because of that, what goes on.

Nothing is opened that can't be written down, so operators must see early that the disk fills up,
that nobody signs, or that a witness is silent or, worst of all, contradicts us.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence

import attrs
import psycopg

from deploy.postgres import provision
from deploy.state import State

UNSIGNED = dt.timedelta(minutes=1)
"""Checkpoints come every few seconds; an entry without one for longer means that nobody signs."""
LEAST_FREE = 256 * 1024 * 1024
"""Bytes: enough for some hundred thousand entries and PostgreSQL's own log."""
CONTRADICTS = ("ahead", "differs")

STANDS = """
select
    (select size from frontier),
    coalesce((select max(size) from checkpoints), 0),
    (select min(at) from entries
        where idx >= coalesce((select max(size) from checkpoints), 0))
"""


@attrs.frozen
class Line:
    """One thing to know, and whether somebody has to do something about it."""

    fine: bool
    text: str


@attrs.frozen
class Standing:
    """What the ledger's database and its disk say."""

    size: int
    signed: int
    unsigned_since: dt.datetime | None
    """When the oldest entry was made that no checkpoint covers."""
    witnesses: Sequence[tuple[str, str, int]]
    """Name, what came of asking, and the size that each has signed."""
    free: int


def lines(state: State) -> list[Line]:
    """Say how the ledger of the running stack does."""
    try:
        with provision.connect(state, "consent") as connection:
            free = shutil.disk_usage(state.root).free
            found = read(connection, free)
    except psycopg.Error:
        return [Line(False, "the ledger can't be read: nothing is opened until PostgreSQL is back")]
    return judge(found, dt.datetime.now(dt.UTC))


def read(connection: psycopg.Connection[tuple[object, ...]], free: int) -> Standing:
    """Ask the database."""
    size, signed, since = connection.execute(STANDS).fetchall()[0]
    witnesses = connection.execute("select witness, heard, size from witnesses order by witness")
    return Standing(
        size=int(str(size)),
        signed=int(str(signed)),
        unsigned_since=since if isinstance(since, dt.datetime) else None,
        witnesses=[(str(name), str(heard), int(str(at))) for name, heard, at in witnesses],
        free=free,
    )


def judge(found: Standing, now: dt.datetime) -> list[Line]:
    """Say what *found* means for the Service."""
    said = [Line(True, f"{found.size} entries, signed up to {found.signed}")]
    since = found.unsigned_since
    if since is not None and now - since > UNSIGNED:
        said.append(
            Line(
                False,
                f"nobody signs since {since:%H:%M}: entries are still written, no receipts are"
                " given; look at vault and consent-work",
            )
        )
    for name, heard, size in found.witnesses:
        if heard in CONTRADICTS:
            text = f"{name} CONTRADICTS the ledger ({heard}): read docs/operators/witness.md now"
            said.append(Line(False, text))
        elif heard == "signed":
            said.append(Line(True, f"{name} has signed up to {size}"))
        else:
            text = f"{name} is {heard}: all goes on, under what it signed last ({size})"
            said.append(Line(True, text))
    if found.free < LEAST_FREE:
        said.append(
            Line(
                False,
                f"only {found.free // 2**20} MiB are free: on a full disk nothing is opened, sent"
                " or consented to; make room, and it goes on by itself",
            )
        )
    return said
