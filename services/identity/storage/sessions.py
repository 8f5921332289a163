"""Who is signed in. A session is found by the SHA-256 of its token, in one indexed read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from services.identity.domain.sessions import Session
from services.identity.storage.tables import passkeys, sessions

_PASSKEYS = (
    sa.select(sa.func.array_agg(passkeys.c.thumbprint))
    .where(
        # A student's id; a staff member's is nobody's among them.
        passkeys.c.student_id
        == sa.cast(sa.func.split_part(sessions.c.person, "/", 2), UUID(as_uuid=False)),
        sa.or_(passkeys.c.remove_time.is_(None), passkeys.c.remove_time > sa.bindparam("now")),
    )
    .scalar_subquery()
    .label("passkeys")
)

COLUMNS = (
    sessions.c.id,
    sessions.c.person,
    sessions.c.kind,
    sessions.c.roles,
    sessions.c.second_factor,
    sessions.c.expires_at,
    sessions.c.last_used_at,
    sessions.c.ended_at,
    _PASSKEYS,
)

_BY_TOKEN = sa.select(*COLUMNS).where(sessions.c.token_sha256 == sa.bindparam("token_sha256"))
_BY_ID = sa.select(*COLUMNS).where(sessions.c.id == sa.bindparam("id"))
"""Asked for every call that comes in, so they are put together once."""


@attrs.frozen
class Sessions:
    """The store of sessions."""

    connection: sa.Connection

    def add(self, token_sha256: bytes, session: Session) -> None:
        """Keep a new session."""
        self.connection.execute(
            sa.insert(sessions).values(
                token_sha256=token_sha256,
                id=session.id,
                person=session.person,
                kind=session.kind,
                roles=sorted(session.roles),
                second_factor=session.second_factor,
                started_at=session.last_used_at,
                expires_at=session.expires_at,
                last_used_at=session.last_used_at,
            )
        )

    def by_token(self, token_sha256: bytes, now: datetime) -> Session | None:
        """Find a session by its token, with the passkeys that hold *now*."""
        return self._one(_BY_TOKEN, {"token_sha256": token_sha256, "now": now})

    def by_id(self, id_: str, now: datetime) -> Session | None:
        """Find a session by the id in a caller token, with the passkeys that hold *now*."""
        return self._one(_BY_ID, {"id": id_, "now": now})

    def touch(self, id_: str, now: datetime) -> None:
        """Set the idle clock back to zero."""
        self.connection.execute(
            sa.update(sessions).where(sessions.c.id == id_).values(last_used_at=now)
        )

    def end(self, id_: str, now: datetime) -> None:
        """End one session."""
        self._end(sessions.c.id == id_, now)

    def end_all_of(self, person: str, now: datetime) -> None:
        """End every session of a person."""
        self._end(sessions.c.person == person, now)

    def purge(self, before: datetime) -> None:
        """Forget the sessions that could not be used any more *before* then."""
        self.connection.execute(sa.delete(sessions).where(sessions.c.expires_at < before))

    def _end(self, which: sa.ColumnElement[bool], now: datetime) -> None:
        self.connection.execute(
            sa.update(sessions).where(which, sessions.c.ended_at.is_(None)).values(ended_at=now)
        )

    def _one(self, query: sa.Select[Any], named: Mapping[str, object]) -> Session | None:
        row = self.connection.execute(query, named).one_or_none()
        if row is None:
            return None
        known: dict[str, Any] = dict(row._mapping)
        known["roles"] = frozenset(known["roles"])
        known["passkeys"] = frozenset(known["passkeys"] or ())
        return Session(**known)
