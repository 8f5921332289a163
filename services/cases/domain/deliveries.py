"""
What seals a delivery for its recipient: the link's secret and a key that consent releases.

Neither is enough. Consent never sees the link, and this service forgets it (`links.py`): so whoever
holds the tables and Vault has half a key, and a service that only says that a link was right has
the other half's hash.
"""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.cases.domain.disclosures import Disclosure

_PURPOSE = "sas delivery 1"
_KEY_BYTES = 32


def recipients_key(released: bytes, link_token: str, disclosure: Disclosure) -> bytes:
    """
    Make the key of a delivery, for this disclosure, recipient and payload and for no other.

    HKDF (RFC 5869) over the two secrets one after the other, as NIST SP 800-56C rev. 2 combines
    them: whoever lacks one of them knows nothing of what comes out. The released key comes first
    and has always the same length, so no two pairs look alike. The stored hash of the token is
    SHA-256 of it and nothing else; it helps nobody here.

    Args:
        released: the delivery's data key, which Vault makes and consent lets it open.
        link_token: the link's secret.
        disclosure: what was sent.
    """
    bound_to = [disclosure.name, disclosure.recipient, disclosure.payload_digest]
    info = json.dumps([_PURPOSE, *bound_to]).encode()
    return HKDF(SHA512(), _KEY_BYTES, salt=None, info=info).derive(released + link_token.encode())
