"""
What has mails that did not surely leave, as staff see it: never a mail's contents or address.

It is found by way of what the mails are about, so what is behind a caller's walls is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from services.cases.domain.mails import UNSENT, UnsentMail, gravest
from services.cases.storage.paging import after
from services.cases.storage.tables import disclosures, enquiries, mails

_THINGS = sa.union_all(
    *(
        sa.select(
            table.c.id,
            table.c.case_id,
            (sa.literal(f"{table.name}/") + sa.cast(table.c.id, sa.Text)).label("about"),
        )
        for table in (disclosures, enquiries)
    )
).subquery("things")
_TO_SEE_TO = sa.and_(mails.c.state.in_(UNSENT), mails.c.acknowledged_at.is_(None))
_UNSENT = (
    sa.select(
        _THINGS.c.id,
        _THINGS.c.about,
        _THINGS.c.case_id,
        sa.func.array_agg(mails.c.state).label("states"),
        sa.func.max(mails.c.leaves_at).label("at"),
    )
    .join(mails, mails.c.about == _THINGS.c.about)
    .where(_TO_SEE_TO)
    .group_by(_THINGS.c.id, _THINGS.c.about, _THINGS.c.case_id)
    .subquery("unsent")
)


@attrs.frozen
class UnsentMails:
    """The list of what somebody should see to."""

    connection: sa.Connection

    def page(self, size: int, last: tuple[datetime, str] | None) -> Sequence[UnsentMail]:
        """Give a page, the newest first."""
        c = _UNSENT.c
        query = sa.select(_UNSENT).order_by(c.at.desc(), c.id.desc()).limit(size)
        if last is not None:
            query = query.where(after(c.at, c.id, last))
        return [
            UnsentMail(row.id, row.about, row.case_id, gravest(row.states), row.at)
            for row in self.connection.execute(query)
        ]

    def acknowledge(self, about: str, by: str, at: datetime) -> bool:
        """Note that somebody has seen to it; False if there is nothing to see to, or not here."""
        here = sa.select(_THINGS.c.about).where(_THINGS.c.about == about)
        noted = self.connection.execute(
            sa.update(mails)
            .where(mails.c.about.in_(here), _TO_SEE_TO)
            .values(acknowledged_by=by, acknowledged_at=at)
            .returning(mails.c.about)
        )
        return bool(noted.all())
