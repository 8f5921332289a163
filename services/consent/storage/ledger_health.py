"""What the database says about how the ledger does; for consent, and for `make status`."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from services.consent.domain.ledger.health import Standing
from services.consent.storage.tables import checkpoints, entries, frontier
from services.consent.storage.witnesses import Witnesses

_SIGNED = select(func.coalesce(func.max(checkpoints.c.size), 0)).scalar_subquery()
_STANDS = select(
    frontier.c.size,
    _SIGNED.label("signed"),
    select(func.min(entries.c.at))
    .where(entries.c.idx >= _SIGNED)
    .scalar_subquery()
    .label("unsigned_since"),
)


def standing(connection: Connection) -> Standing:
    """Say how far the ledger has come, how far it is signed, and where its witnesses stand."""
    row = connection.execute(_STANDS).one()
    return Standing(row.size, row.signed, row.unsigned_since, Witnesses(connection).all())
