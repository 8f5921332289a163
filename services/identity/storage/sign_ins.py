"""Sign-ins that have begun: what has to match when the browser comes back. Used once, then gone."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa

from services.identity.storage.tables import sign_ins


@attrs.frozen
class SignIn:
    """The beginning of a sign-in. Worthless without the code and our secret at the provider."""

    verifier: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    redirect_uri: str
    expires_at: datetime


@attrs.frozen
class SignIns:
    """The store of sign-ins."""

    connection: sa.Connection

    def add(self, state_sha256: bytes, sign_in: SignIn) -> None:
        """Keep the beginning of a sign-in."""
        self.connection.execute(
            sa.insert(sign_ins).values(state_sha256=state_sha256, **attrs.asdict(sign_in))
        )

    def take(self, state_sha256: bytes) -> SignIn | None:
        """Take the beginning of a sign-in away and return it; of two who try, one gets it."""
        row = self.connection.execute(
            sa.delete(sign_ins)
            .where(sign_ins.c.state_sha256 == state_sha256)
            .returning(
                sign_ins.c.verifier,
                sign_ins.c.nonce,
                sign_ins.c.redirect_uri,
                sign_ins.c.expires_at,
            )
        ).one_or_none()
        return SignIn(*row) if row else None

    def purge(self, now: datetime) -> None:
        """Forget the sign-ins that nobody ended in time."""
        self.connection.execute(sa.delete(sign_ins).where(sign_ins.c.expires_at <= now))
