"""
What a student's passkey signs when they say yes: exactly what they were asked, and nothing else.

It follows from the consent's name, the version and the very bytes of the text shown, and the
digest of the very payload; so it can be made again years later from the record of the consent, and
a signature for one yes is good for no other, without anybody remembering which were used.
"""

from __future__ import annotations

import hashlib

from services.consent.domain.consent import Asked
from services.consent.domain.ledger.entry import canonical

_DOMAIN = b"sas/consent/agree/v1\n"
"""So that no signature for anything else is ever one for this."""


def challenge(consent: str, text_version: str, text_sha256: str, payload_digest: str) -> bytes:
    """Give what a passkey signs, from what stands in the record of a consent."""
    said = {
        "consent": consent,
        "payload_digest": payload_digest,
        "text_sha256": text_sha256,
        "text_version": text_version,
    }
    return hashlib.sha256(_DOMAIN + canonical(said)).digest()


def challenge_of(asked: Asked) -> bytes:
    """Give what the student's passkey signs to agree to what was asked."""
    return challenge(asked.consent, asked.text_version, asked.text_sha256, asked.payload_digest)
