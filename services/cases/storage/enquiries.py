"""Enquiries: contacts that are no case, with or without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.enquiries import Enquiry
from services.cases.domain.states import EnquiryKind
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import enquiries

_PLAIN = (
    enquiries.c.id,
    enquiries.c.kind,
    enquiries.c.contact_date,
    enquiries.c.author,
    enquiries.c.case_id,
)


@attrs.frozen
class Enquiries:
    """The store of enquiries."""

    connection: sa.Connection

    def add(self, enquiry: Enquiry, sealed: SealedItem, created_at: datetime) -> bool:
        """Keep a new enquiry; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(enquiries)
            .values(
                **attrs.asdict(enquiry),
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(enquiries.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Enquiry | None:
        """Give one enquiry, without words."""
        query = sa.select(*_PLAIN).where(enquiries.c.id == id_)
        row = self.connection.execute(query).mappings().one_or_none()
        return _enquiry(row) if row else None

    def sealed(self, enquiry: Enquiry) -> SealedItem | None:
        """Give the sealed words of an enquiry; None when its record was disposed of."""
        query = sa.select(enquiries.c.wrapped_key, enquiries.c.sealed).where(
            enquiries.c.id == enquiry.id
        )
        row = self.connection.execute(query).one()
        return one_field(enquiry.record, enquiry.name, *row)

    def becomes(self, id_: str, case_id: str) -> bool:
        """Note which case an enquiry became; False if it became another one before."""
        changed = self.connection.execute(
            sa.update(enquiries)
            .where(enquiries.c.id == id_, enquiries.c.case_id.is_(None))
            .values(case_id=case_id)
        )
        return changed.rowcount == 1

    def of_case(self, case_id: str) -> Sequence[str]:
        """Give the ids of the enquiries that became this case."""
        query = sa.select(enquiries.c.id).where(enquiries.c.case_id == case_id)
        return self.connection.execute(query.order_by(enquiries.c.id)).scalars().all()

    def page(self, size: int, last: tuple[date, str] | None) -> Sequence[Enquiry]:
        """Give a page of enquiries, newest contact first."""
        query = (
            sa.select(*_PLAIN)
            .order_by(enquiries.c.contact_date.desc(), enquiries.c.id.desc())
            .limit(size)
        )
        if last is not None:
            query = query.where(after(enquiries.c.contact_date, enquiries.c.id, last))
        return [_enquiry(row) for row in self.connection.execute(query).mappings()]


def _enquiry(row: sa.RowMapping) -> Enquiry:
    values = dict(row)
    return Enquiry(**{**values, "kind": EnquiryKind(values["kind"])})
