"""The register of prints: added to, and each is marked once as destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.names import name_of
from services.cases.domain.prints import Print
from services.cases.storage.paging import after
from services.cases.storage.tables import prints

_KEPT = prints.c.destroyed_at.is_(None)


@attrs.frozen
class Prints:
    """The register."""

    connection: sa.Connection

    def add(self, printed: Print) -> bool:
        """Enter a print; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(prints)
            .values(**attrs.asdict(printed))
            .on_conflict_do_nothing()
            .returning(prints.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Print | None:
        """Give one print."""
        row = self.connection.execute(sa.select(prints).where(prints.c.id == id_)).one_or_none()
        return Print(**row._mapping) if row else None

    def kept_of_case(self, case_id: str) -> Sequence[str]:
        """Give the names of the prints of a case that nobody says were destroyed."""
        query = (
            sa.select(prints.c.id)
            .where(prints.c.case_id == case_id, _KEPT)
            .order_by(prints.c.printed_at, prints.c.id)
        )
        return [name_of("prints", each) for each in self.connection.scalars(query)]

    def destroyed(self, id_: str, by: str, at: datetime) -> bool:
        """Mark a print as destroyed; False if it is marked so already."""
        marked = self.connection.execute(
            sa.update(prints)
            .where(prints.c.id == id_, _KEPT)
            .values(destroyed_by=by, destroyed_at=at)
            .returning(prints.c.id)
        )
        return marked.one_or_none() is not None

    def page(
        self, size: int, last: tuple[datetime, str] | None, *, case_id: str | None, only_kept: bool
    ) -> Sequence[Print]:
        """Give a page of prints, newest first: of one case or of all."""
        query = (
            sa.select(prints).order_by(prints.c.printed_at.desc(), prints.c.id.desc()).limit(size)
        )
        if case_id is not None:
            query = query.where(prints.c.case_id == case_id)
        if only_kept:
            query = query.where(_KEPT)
        if last is not None:
            query = query.where(after(prints.c.printed_at, prints.c.id, last))
        return [Print(**row._mapping) for row in self.connection.execute(query)]
