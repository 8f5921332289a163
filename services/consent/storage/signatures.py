"""What students' passkeys have signed: kept whole, so that a yes can be proved years later."""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, func, insert, select

from common.passkeys import PasskeySignature
from services.consent.storage.tables import passkey_signatures


@attrs.frozen
class Signatures:
    """The table of signatures. Nothing in it is ever changed."""

    connection: Connection

    def keep(self, signed: PasskeySignature, count: int) -> None:
        """Keep a signature that was found good, under its digest."""
        self.connection.execute(
            insert(passkey_signatures).values(
                sha256=signed.sha256,
                thumbprint=signed.passkey.thumbprint,
                sign_count=count,
                signature=signed.to_json(),
            )
        )

    def find(self, sha256: str) -> bytes:
        """Give a signature, spelled as its digest wants it."""
        return bytes(
            self.connection.execute(
                select(passkey_signatures.c.signature).where(passkey_signatures.c.sha256 == sha256)
            ).scalar_one()
        )

    def last_count(self, thumbprint: str) -> int:
        """Give how far the counter of a key had come; 0 if it never signed, or has none."""
        query = select(func.max(passkey_signatures.c.sign_count)).where(
            passkey_signatures.c.thumbprint == thumbprint
        )
        return self.connection.execute(query).scalar_one() or 0
