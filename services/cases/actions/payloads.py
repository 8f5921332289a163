"""What a disclosure is made of: found sealed, opened with consent's keys, and checked."""

from __future__ import annotations

import attrs
import structlog

from services.cases.actions.tools import Tools
from services.cases.domain.disclosures import Disclosure, Particulars
from services.cases.domain.names import id_of
from services.cases.domain.payload import Payload, PayloadChanged
from services.cases.storage.consent import Keys
from services.cases.storage.documents import CONTENT, TITLE
from services.cases.storage.sealed import SealedItem
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


@attrs.frozen
class SealedPayload:
    """Everything that a disclosure's payload is made of, still sealed."""

    disclosure: Disclosure
    media_type: str
    particulars: SealedItem
    document: SealedItem
    salt: bytes
    content_salt: bytes

    @property
    def items(self) -> list[SealedItem]:
        """The items to ask consent for."""
        return [self.document, self.particulars]

    def open(self, keys: Keys) -> Payload:
        """
        Open it and check it against the digest that the consent binds.

        Raises:
            PayloadChanged: what lies here is not what the student was asked about.
        """
        payload = Payload(
            particulars=Particulars.from_canonical(keys.open(self.particulars)),
            title=keys.open(self.document, TITLE).decode(),
            media_type=self.media_type,
            content=keys.open(self.document, CONTENT),
        )
        if not payload.fits(self.disclosure, self.salt, self.content_salt):
            log.error("payload_changed", disclosure=self.disclosure.name)
            raise PayloadChanged
        return payload


def find_payload(tools: Tools, name: str) -> SealedPayload | None:
    """Find what a disclosure is made of; None if it is not there, not asked about, or disposed."""
    with tools.begin() as work:
        disclosure = work.disclosures.find(id_of(name, "disclosures"))
        if disclosure is None or not disclosure.consent:
            return None
        return _sealed_payload(work, disclosure)


def _sealed_payload(work: Work, disclosure: Disclosure) -> SealedPayload | None:
    document = work.documents.find(disclosure.document_id)
    particulars = work.disclosures.sealed(disclosure)
    if document is None or particulars is None:
        return None
    sealed = work.documents.sealed(document)
    fingerprint = work.documents.fingerprint(document)
    if sealed is None or fingerprint is None:
        return None
    return SealedPayload(
        disclosure=disclosure,
        media_type=document.media_type,
        particulars=particulars,
        document=sealed,
        salt=work.disclosures.payload_salt(disclosure),
        content_salt=fingerprint.salt,
    )
