"""What leaves by a disclosure: opened for a moment, and checked against what was agreed to."""

from __future__ import annotations

import attrs

from services.cases.domain.disclosures import (
    Disclosure,
    Particulars,
    payload_digest,
    same_digest,
)

MEDIA_TYPE = "application/pdf"
"""Whatever it was made of, what leaves is one PDF."""


class PayloadChanged(Exception):
    """What was opened is not what the student was asked about. Nothing may leave."""


@attrs.frozen
class Payload:
    """The particulars and the very bytes that would leave."""

    particulars: Particulars
    content: bytes = attrs.field(repr=False)

    @property
    def title(self) -> str:
        """What the things it was made of are called."""
        return "; ".join(self.particulars.titles)

    def fits(self, disclosure: Disclosure, salt: bytes) -> bool:
        """
        Say whether this is what the disclosure's digest was made of.

        The recipient, purpose, items and last day that consent decides by, and what is blacked out,
        are those beside the ciphertext, so they must be the sealed ones too.
        """
        sealed = self.particulars
        beside = (sealed.items, sealed.redactions, sealed.recipient, sealed.purpose, sealed.ends_on)
        if beside != (
            disclosure.items,
            disclosure.redactions,
            disclosure.recipient,
            disclosure.purpose,
            disclosure.ends_on.isoformat(),
        ):
            return False
        return same_digest(self.digest(salt), disclosure.payload_digest)

    def digest(self, salt: bytes) -> str:
        """Give the digest of what is here."""
        return payload_digest(salt, self.particulars, self.content)
