"""
Pages of a list (AIP-158): how many, and where the next page begins.

Shared because every list of every service is paged alike. A page token is opaque to callers but
gives no right to anything: whoever sends it is checked like everybody else.
"""

from __future__ import annotations

import base64
import binascii

from common.errors import InvalidFields

DEFAULT = 50
LONGEST = 200


def page_size(asked: int) -> int:
    """Give how many things to list: 50 if not said (0), 200 at the most."""
    return min(asked, LONGEST) if asked > 0 else DEFAULT


def encode_token(position: str) -> str:
    """Give *position*, where the next page begins, as a page token; nothing stays nothing."""
    return base64.urlsafe_b64encode(position.encode()).rstrip(b"=").decode()


def decode_token(token: str) -> str:
    """
    Give the position that *token* stands for; empty for the first page.

    Raises:
        InvalidFields: We never gave out such a token.
    """
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        position = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        position = ""
    if encode_token(position) != token:
        raise InvalidFields({"page_token": "is not a token of ours; begin with the first page"})
    return position
