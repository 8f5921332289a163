"""Contacts: whom students name. What is sealed is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.contacts import Contact
from services.cases.domain.names import record_of
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import contacts

_PLAIN = [contacts.c[field.name] for field in attrs.fields(Contact)]


@attrs.frozen
class Contacts:
    """The store of contacts."""

    connection: sa.Connection

    def add(self, contact: Contact, sealed: SealedItem, payload_salt: bytes) -> bool:
        """Keep a new contact; False if it is there already, by an earlier try."""
        added = self.connection.execute(
            insert(contacts)
            .values(
                **attrs.asdict(contact),
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                payload_salt=payload_salt,
            )
            .on_conflict_do_nothing()
            .returning(contacts.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Contact | None:
        """Give one contact, without words."""
        query = sa.select(*_PLAIN).where(contacts.c.id == id_)
        row = self.connection.execute(query).one_or_none()
        return _contact(row) if row else None

    def sealed(self, contact: Contact) -> tuple[SealedItem, bytes] | None:
        """Give what is sealed, and the digest's salt; None when the record was disposed of."""
        c = contacts.c
        query = sa.select(c.wrapped_key, c.sealed, c.payload_salt).where(c.id == contact.id)
        wrapped_key, ciphertext, salt = self.connection.execute(query).one()
        item = one_field(record_of(contact.case_id), contact.name, wrapped_key, ciphertext)
        return (item, salt) if item is not None else None

    def consent_asked(self, id_: str, consent: str) -> None:
        """Note which consent was asked for; from now on the contact counts."""
        self.connection.execute(
            sa.update(contacts)
            .where(contacts.c.id == id_, contacts.c.consent == "")
            .values(consent=consent)
        )

    def page(self, case_id: str, size: int, last: tuple[datetime, str] | None) -> Sequence[Contact]:
        """Give a page of a case's contacts that the student was asked about, newest first."""
        query = (
            sa.select(*_PLAIN)
            .where(contacts.c.case_id == case_id, contacts.c.consent != "")
            .order_by(contacts.c.created_at.desc(), contacts.c.id.desc())
            .limit(size)
        )
        if last is not None:
            query = query.where(after(contacts.c.created_at, contacts.c.id, last))
        return [_contact(row) for row in self.connection.execute(query)]


def _contact(row: sa.Row[tuple[object, ...]]) -> Contact:
    found = dict(row._mapping)
    found["payload_digest"] = found["payload_digest"] or ""
    return Contact(**found)
