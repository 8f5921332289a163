"""What leaves by a disclosure: found sealed, opened with consent's keys, and checked."""

from __future__ import annotations

import attrs
import structlog

from services.cases.actions.tools import Tools
from services.cases.domain.disclosures import Disclosure, Particulars
from services.cases.domain.names import id_of
from services.cases.domain.parcels import Parcel
from services.cases.domain.payload import MEDIA_TYPE, Payload, PayloadChanged
from services.cases.domain.redaction import not_hidden
from services.cases.storage.consent import Keys
from services.cases.storage.disclosures import CONTENT
from services.cases.storage.sealed import SealedItem

log = structlog.get_logger(__name__)


@attrs.frozen
class SealedPayload:
    """A disclosure with its particulars and its file, still sealed."""

    disclosure: Disclosure
    sealed: SealedItem
    salt: bytes = attrs.field(repr=False)
    redacted: bool = True
    """Whether whoever is marked in it today is blacked out in it."""

    @property
    def items(self) -> list[SealedItem]:
        """The items to ask consent for."""
        return [self.sealed]

    def open(self, keys: Keys) -> Payload:
        """
        Open it and check it against the digest that the consent binds.

        Raises:
            PayloadChanged: what lies here is not what the student was asked about.
        """
        payload = Payload(
            particulars=Particulars.from_canonical(keys.open(self.sealed)),
            content=keys.open(self.sealed, CONTENT),
        )
        if not payload.fits(self.disclosure, self.salt):
            log.error("payload_changed", disclosure=self.disclosure.name)
            raise PayloadChanged
        return payload

    def parcel(self, keys: Keys) -> Parcel:
        """
        Open it for the door.

        Raises:
            PayloadChanged: what lies here is not what the student was asked about.
        """
        payload = self.open(keys)
        sealed = payload.particulars
        return Parcel(
            about=self.disclosure.name,
            recipient=sealed.recipient,
            purpose=sealed.purpose.removeprefix("DISCLOSURE_PURPOSE_").lower(),
            items=frozenset(each.item for each in self.items),
            payload_digest=payload.digest(self.salt),
            media_type=MEDIA_TYPE,
            content=payload.content,
            address=sealed.recipient_address,
        )


def find_payload(tools: Tools, name: str) -> SealedPayload | None:
    """Find what a disclosure is made of; None if it is not there, not asked about, or disposed."""
    with tools.look() as reads:
        disclosure = reads.disclosures.find(id_of(name, "disclosures"))
        if disclosure is None or not disclosure.consent:
            return None
        sealed = reads.disclosures.sealed(disclosure)
        if sealed is None:
            return None
        salt = reads.disclosures.payload_salt(disclosure)
        seen = not_hidden(reads.redactions.marked(disclosure.items), disclosure.redactions)
        return SealedPayload(disclosure, sealed, salt, redacted=not seen)
