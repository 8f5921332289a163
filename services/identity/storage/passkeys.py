"""Students' passkeys, and what adding or removing one begins with. A beginning is used once."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa

from services.identity.domain.passkeys import KeptPasskey
from services.identity.storage.tables import passkey_beginnings, passkeys, students

_COLUMNS = [passkeys.c[name] for name in attrs.fields_dict(KeptPasskey)]


@attrs.frozen
class Passkeys:
    """The store of passkeys."""

    connection: sa.Connection

    def hold(self, student_id: str) -> None:
        """Keep a student's passkeys from being changed by anybody else until the end."""
        self.connection.execute(
            sa.select(students.c.id).where(students.c.id == student_id).with_for_update()
        )

    def of(self, student_id: str, now: datetime) -> list[KeptPasskey]:
        """List a student's passkeys that hold at *now*, oldest first."""
        rows = self.connection.execute(
            sa.select(*_COLUMNS)
            .where(passkeys.c.student_id == student_id)
            .order_by(passkeys.c.create_time, passkeys.c.credential_id)
        )
        return [each for row in rows if (each := KeptPasskey(*row)).holds(now)]

    def add(self, student_id: str, passkey: KeptPasskey) -> None:
        """Keep a passkey."""
        self.connection.execute(
            sa.insert(passkeys).values(student_id=student_id, **attrs.asdict(passkey))
        )

    def used(self, student_id: str, credential_id: bytes, sign_count: int) -> None:
        """Keep how far a passkey's counter has come."""
        self._change(student_id, credential_id, sign_count=sign_count)

    def remove_at(self, student_id: str, credential_id: bytes, at: datetime | None) -> None:
        """Let a passkey end then; None: not at all."""
        self._change(student_id, credential_id, remove_time=at)

    def remove(self, student_id: str, credential_id: bytes) -> None:
        """Forget a passkey."""
        self.connection.execute(sa.delete(passkeys).where(*_one(student_id, credential_id)))

    def begin(self, once_sha256: bytes, student_id: str, expires_at: datetime) -> None:
        """Keep a beginning."""
        self.connection.execute(
            sa.insert(passkey_beginnings).values(
                once_sha256=once_sha256, student_id=student_id, expires_at=expires_at
            )
        )

    def take(self, once_sha256: bytes, student_id: str, now: datetime) -> bool:
        """Take a beginning away; say whether it was this student's, and in time."""
        row = self.connection.execute(
            sa.delete(passkey_beginnings)
            .where(passkey_beginnings.c.once_sha256 == once_sha256)
            .returning(passkey_beginnings.c.student_id, passkey_beginnings.c.expires_at)
        ).one_or_none()
        return row is not None and row.student_id == student_id and now < row.expires_at

    def purge(self, now: datetime) -> None:
        """Forget beginnings that nobody ended in time, and passkeys whose time is over."""
        self.connection.execute(
            sa.delete(passkey_beginnings).where(passkey_beginnings.c.expires_at <= now)
        )
        self.connection.execute(sa.delete(passkeys).where(passkeys.c.remove_time <= now))

    def _change(self, student_id: str, credential_id: bytes, **values: object) -> None:
        self.connection.execute(
            sa.update(passkeys).where(*_one(student_id, credential_id)).values(**values)
        )


def _one(student_id: str, credential_id: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return passkeys.c.student_id == student_id, passkeys.c.credential_id == credential_id
