"""What leaves by a disclosure: opened for a moment, and checked against what was agreed to."""

from __future__ import annotations

import attrs

from services.cases.domain.disclosures import (
    Disclosure,
    Particulars,
    payload_digest,
    same_digest,
)
from services.cases.domain.documents import Fingerprint


class PayloadChanged(Exception):
    """What was opened is not what the student was asked about. Nothing may leave."""


@attrs.frozen
class Payload:
    """The particulars and the very bytes that would leave."""

    particulars: Particulars
    title: str = attrs.field(repr=False)
    media_type: str
    content: bytes = attrs.field(repr=False)

    def fits(self, disclosure: Disclosure, salt: bytes, content_salt: bytes) -> bool:
        """
        Say whether this is what the disclosure's digest was made of.

        The recipient, purpose, document and last day that consent decides by are those beside the
        ciphertext, so they must be the sealed ones too.
        """
        sealed = self.particulars
        named = (sealed.document, sealed.recipient, sealed.purpose, sealed.ends_on)
        if named != (
            disclosure.document,
            disclosure.recipient,
            disclosure.purpose,
            disclosure.ends_on.isoformat(),
        ):
            return False
        content = Fingerprint.taken(content_salt, self.content)
        return same_digest(payload_digest(salt, sealed, content.digest), disclosure.payload_digest)
