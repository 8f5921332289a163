"""Disclosures, and the one-time links by which they are collected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.disclosures import Disclosure
from services.cases.domain.links import TRIES, StoredLink
from services.cases.domain.names import id_of, name_of, record_of
from services.cases.domain.states import DisclosureState
from services.cases.storage.sealed import WORDS, SealedItem
from services.cases.storage.tables import disclosures

CONTENT = "content"

_PLAIN: tuple[sa.Column[Any], ...] = (
    disclosures.c.id,
    disclosures.c.case_id,
    disclosures.c["items"],
    disclosures.c.recipient,
    disclosures.c.purpose,
    disclosures.c.ends_on,
    disclosures.c.consent,
    disclosures.c.state,
    disclosures.c.version,
    disclosures.c.payload_digest,
    disclosures.c.redactions,
    disclosures.c.openings,
    disclosures.c.first_opened_at,
)
_OF_LINK: tuple[sa.Column[Any], ...] = (
    disclosures.c.code_salt,
    disclosures.c.code_hash,
    disclosures.c.delivery,
    disclosures.c.delivery_wrapped_key,
    disclosures.c.delivery_sealed,
)
_LIVE = disclosures.c.state != DisclosureState.ENDED
NO_LINK = {
    "link_hash": None,
    "code_salt": None,
    "code_hash": None,
    "delivery": None,
    "delivery_wrapped_key": None,
    "delivery_sealed": None,
}
"""A link goes together with what it opens."""


@attrs.frozen
class LiveLink:
    """A link that lives, what is kept of it, and what it opens."""

    disclosure: Disclosure
    stored: StoredLink
    delivery: SealedItem


@attrs.frozen
class Disclosures:
    """The store of disclosures."""

    connection: sa.Connection

    def add(
        self,
        disclosure: Disclosure,
        sealed: SealedItem,
        payload_salt: bytes,
        author: str,
        created_at: datetime,
    ) -> bool:
        """Keep a new disclosure; False if it is there already, by an earlier try."""
        added = self.connection.execute(
            insert(disclosures)
            .values(
                **attrs.asdict(disclosure),
                author=author,
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
                content_sealed=sealed.ciphertexts[CONTENT],
                payload_salt=payload_salt,
            )
            .on_conflict_do_nothing()
            .returning(disclosures.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Disclosure | None:
        """Give one disclosure, without words."""
        query = sa.select(*_PLAIN).where(disclosures.c.id == id_)
        row = self.connection.execute(query).mappings().one_or_none()
        return _disclosure(row) if row else None

    def hold(self, id_: str) -> Disclosure | None:
        """Give one disclosure and keep everybody else from changing it until this work ends."""
        query = sa.select(*_PLAIN).where(disclosures.c.id == id_).with_for_update()
        row = self.connection.execute(query).mappings().one_or_none()
        return _disclosure(row) if row else None

    def sealed(self, disclosure: Disclosure) -> SealedItem | None:
        """Give the sealed particulars and file; None when the record was disposed of."""
        c = disclosures.c
        query = sa.select(c.wrapped_key, c.sealed, c.content_sealed).where(c.id == disclosure.id)
        wrapped_key, particulars, content = self.connection.execute(query).one()
        if wrapped_key is None or content is None:
            return None
        return SealedItem(
            record=record_of(disclosure.case_id),
            item=disclosure.name,
            wrapped_key=wrapped_key,
            ciphertexts={WORDS: particulars, CONTENT: content},
        )

    def payload_salt(self, disclosure: Disclosure) -> bytes:
        """Give the salt of the payload's digest; empty when the record was disposed of."""
        query = sa.select(disclosures.c.payload_salt).where(disclosures.c.id == disclosure.id)
        return self.connection.execute(query).scalar_one() or b""

    def consent_asked(self, id_: str, consent: str) -> None:
        """Note which consent was asked for; from now on the disclosure counts as proposed."""
        self.connection.execute(
            sa.update(disclosures)
            .where(disclosures.c.id == id_, disclosures.c.consent == "")
            .values(consent=consent, version=disclosures.c.version + 1)
        )

    def put_link(
        self, id_: str, link: StoredLink, delivery: SealedItem, expires_at: datetime
    ) -> None:
        """Give the disclosure a fresh link and what it opens; an earlier one is dead from now."""
        self.connection.execute(
            sa.update(disclosures)
            .where(disclosures.c.id == id_)
            .values(
                link_hash=link.token_hash,
                code_salt=link.code_salt,
                code_hash=link.code_hash,
                delivery=id_of(delivery.item, "deliveries"),
                delivery_wrapped_key=delivery.wrapped_key,
                delivery_sealed=delivery.ciphertexts[WORDS],
                link_expires_at=expires_at,
                version=disclosures.c.version + 1,
            )
        )

    def waits(self, id_: str) -> None:
        """Note that the mails of the link wait for the worker."""
        self.connection.execute(
            sa.update(disclosures)
            .where(disclosures.c.id == id_)
            .values(state=DisclosureState.WAITING)
        )

    def is_waiting(self, id_: str | None) -> bool:
        """Say whether the mails of its link are still to leave."""
        query = sa.select(disclosures.c.state).where(disclosures.c.id == id_)
        return self.connection.execute(query).scalar_one_or_none() == DisclosureState.WAITING

    def left(self, id_: str | None) -> None:
        """Mark that the mails which waited have left."""
        self._waited(id_, state=DisclosureState.SENT)

    def did_not_leave(self, id_: str | None, state: DisclosureState) -> None:
        """Mark that the mails which waited did not leave, or not surely; the link is dead."""
        self._waited(id_, state=state, **NO_LINK)

    def _waited(self, id_: str | None, **values: object) -> None:
        c = disclosures.c
        self.connection.execute(
            sa.update(disclosures)
            .where(c.id == id_, c.state == DisclosureState.WAITING)
            .values(version=c.version + 1, **values)
        )

    def not_taken(self, id_: str, link: StoredLink) -> None:
        """Mark that this link could not be mailed, since the address is none; it is dead."""
        c = disclosures.c
        self.connection.execute(
            sa.update(disclosures)
            .where(c.id == id_, c.link_hash == link.token_hash, _LIVE)
            .values(state=DisclosureState.NOT_TAKEN, version=c.version + 1, **NO_LINK)
        )

    def recall(self, id_: str) -> bool:
        """Take back what was sent or waits, with its link; False if there is nothing to."""
        out = (DisclosureState.WAITING, DisclosureState.SENT, DisclosureState.COLLECTED)
        c = disclosures.c
        changed = self.connection.execute(
            sa.update(disclosures)
            .where(c.id == id_, sa.or_(c.state.in_(out), c.link_hash.is_not(None)))
            .values(state=DisclosureState.RECALLED, version=c.version + 1, **NO_LINK)
        )
        return changed.rowcount == 1

    def sent(self, id_: str, link: StoredLink) -> bool:
        """Mark that this link was mailed; False if it was replaced or ended in the meantime."""
        changed = self.connection.execute(
            sa.update(disclosures)
            .where(disclosures.c.id == id_, disclosures.c.link_hash == link.token_hash, _LIVE)
            .values(
                state=DisclosureState.SENT,
                version=disclosures.c.version + 1,
            )
        )
        return changed.rowcount == 1

    def by_link(self, token_hash: bytes, now: datetime, *, tries: int) -> LiveLink | None:
        """Give what a link leads to; None if there is none that lives, or it was tried enough."""
        query = sa.select(*_PLAIN, *_OF_LINK).where(
            disclosures.c.link_hash == token_hash,
            disclosures.c.delivery.is_not(None),
            disclosures.c.state.in_([DisclosureState.SENT, DisclosureState.COLLECTED]),
            disclosures.c.link_expires_at > now,
            sa.literal(tries) <= TRIES,
        )
        row = self.connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        of_link = {column.key: row[column.key] for column in _OF_LINK}
        disclosure = _of({column.key: row[column.key] for column in _PLAIN})
        return LiveLink(
            disclosure=disclosure,
            stored=StoredLink(token_hash, of_link["code_salt"], of_link["code_hash"]),
            delivery=SealedItem(
                record=record_of(disclosure.case_id),
                item=name_of("deliveries", of_link["delivery"]),
                wrapped_key=of_link["delivery_wrapped_key"],
                ciphertexts={WORDS: of_link["delivery_sealed"]},
            ),
        )

    def collected(self, id_: str, now: datetime) -> None:
        """Mark that the third party has seen it, the first time or once more."""
        c = disclosures.c
        self.connection.execute(
            sa.update(disclosures)
            .where(c.id == id_, c.state.in_([DisclosureState.SENT, DisclosureState.COLLECTED]))
            .values(
                state=DisclosureState.COLLECTED,
                version=c.version + 1,
                openings=c.openings + 1,
                first_opened_at=sa.func.coalesce(c.first_opened_at, now),
            )
        )

    def forget_links(self, before: datetime) -> None:
        """Forget links that are too old to be used, with what they opened."""
        c = disclosures.c
        self.connection.execute(
            sa.update(disclosures)
            .where(c.link_hash.is_not(None), c.link_expires_at < before)
            .values(**NO_LINK)
        )

    def end(self, id_: str | None) -> bool:
        """End a disclosure and forget its link; False if there is nothing to end."""
        changed = self.connection.execute(
            sa.update(disclosures)
            .where(disclosures.c.id == id_, _LIVE)
            .values(state=DisclosureState.ENDED, version=disclosures.c.version + 1, **NO_LINK)
        )
        return changed.rowcount == 1


def _disclosure(row: sa.RowMapping) -> Disclosure:
    return _of(dict(row))


def _of(values: dict[str, Any]) -> Disclosure:
    found = {**values, "state": DisclosureState(values["state"])}
    found["payload_digest"] = values["payload_digest"] or ""
    return Disclosure(**found)
