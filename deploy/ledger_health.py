"""
How the ledger does, for `make status`: what consent says too, asked of the database directly.

Nobody has to be signed in for it, which is what soon fails when Vault is away.
"""

from __future__ import annotations

import datetime as dt
import shutil

import attrs
import sqlalchemy as sa

from deploy.postgres import provision
from deploy.state import State
from deploy.vault import server as vault
from services.consent.domain.ledger.health import Health, judge
from services.consent.storage.ledger_health import standing


@attrs.frozen
class Line:
    """One thing to know, and whether somebody has to do something about it."""

    fine: bool
    text: str


def lines(state: State) -> list[Line]:
    """Say how the ledger of the running stack does."""
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: provision.connect(state, "consent"),
        poolclass=sa.NullPool,
        hide_parameters=True,
    )
    now = dt.datetime.now(dt.UTC)
    try:
        with engine.connect() as connection:
            found = standing(connection)
    except sa.exc.DBAPIError:
        return told(judge(None, now))
    free = shutil.disk_usage(state.root).free
    return told(judge(attrs.evolve(found, free=free, gives_keys=_gives_keys(state)), now))


def told(health: Health) -> list[Line]:
    """Put it in lines for people."""
    said = []
    if health.found is not None:
        text = f"{health.found.size} entries, signed up to {health.found.signed}"
        said.append(Line(True, text))
        said += [
            Line(True, f"{each.name} has signed up to {each.size}")
            for each in health.found.witnesses
            if each.heard == "signed"
        ]
    for each in health.troubles:
        since = f" since {each.since:%H:%M}" if each.since else ""
        text = f"lacks {each.lack}{since}; stops: {each.stops}; goes on: {each.goes_on}"
        said.append(Line(not each.todo, f"{text}; to do: {each.todo}" if each.todo else text))
    return said


def _gives_keys(state: State) -> bool:
    try:
        vault.ready(state)
    except Exception:
        # As for the supervisor: whatever it is, it does not answer.
        return False
    return True
