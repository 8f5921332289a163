"""
How often each link was tried, with whatever code; also links that never were.

A try costs the same statements and the same write whether there is such a link or not, so that its
time doesn't say so (R9). That is why tries aren't a column of the disclosure.
"""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.storage.tables import disclosures, link_tries


@attrs.frozen
class LinkTries:
    """The store of tries."""

    connection: sa.Connection

    def take(self, link_hash: bytes, now: datetime) -> int:
        """
        Count one more try, and say how many that makes.

        Its row is held until this work ends, so that many guesses at once have no more tries
        between them than one after the other.
        """
        row = insert(link_tries).values(link_hash=link_hash, tries=1, first_at=now)
        counted = row.on_conflict_do_update(
            index_elements=[link_tries.c.link_hash], set_={"tries": link_tries.c.tries + 1}
        )
        found: int = self.connection.execute(counted.returning(link_tries.c.tries)).scalar_one()
        return found

    def give_back(self, link_hash: bytes) -> None:
        """Give back the try of a right code: looking again within the time is allowed."""
        self.connection.execute(
            sa.update(link_tries)
            .where(link_tries.c.link_hash == link_hash)
            .values(tries=link_tries.c.tries - 1)
        )

    def forget(self, before: datetime) -> None:
        """Forget the tries that began *before* then of links that no disclosure has any more."""
        has_one = sa.exists(disclosures.c.link_hash).where(
            disclosures.c.link_hash == link_tries.c.link_hash
        )
        self.connection.execute(
            sa.delete(link_tries).where(link_tries.c.first_at < before, ~has_one)
        )
