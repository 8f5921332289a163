"""
The one-time link and the code by which a third party collects a disclosure.

Two secrets, sent by two mails; only hashes are stored. The link's token has 256 bits, so a plain
hash keeps it. The code has eight digits, so it is stored under a slow hash and lives for five
tries. And both together only bring the question before consent, which decides each time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import attrs

TRIES = 5
_CODE_DIGITS = 8
_TOKEN_BYTES = 32
_SALT_BYTES = 16
# scrypt (RFC 7914): 16 MiB and some 50 ms a try.
_SCRYPT_N = 2**14
_SCRYPT_R = 8
_SCRYPT_P = 1


@attrs.frozen
class FreshLink:
    """The secrets of a new link. They go into two mails and are then forgotten."""

    token: str = attrs.field(repr=False)
    code: str = attrs.field(repr=False)


@attrs.frozen
class StoredLink:
    """What is kept of a link."""

    token_hash: bytes
    code_salt: bytes
    code_hash: bytes


def make_link() -> tuple[FreshLink, StoredLink]:
    """Make a link with its code, and what to store of them."""
    fresh = FreshLink(
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        code=f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}",
    )
    salt = secrets.token_bytes(_SALT_BYTES)
    return fresh, StoredLink(hash_token(fresh.token), salt, _hash_code(fresh.code, salt))


def hash_token(token: str) -> bytes:
    """Give the form in which a link's token is stored and found."""
    return hashlib.sha256(token.encode()).digest()


def code_is_right(code: str, stored: StoredLink | None) -> bool:
    """
    Check a code; an unknown link costs as much work as a known one, and is never right.

    Blanks and hyphens in the code are forgiven: people type codes in groups.
    """
    against = stored or _NOBODYS
    typed = _hash_code(code.replace(" ", "").replace("-", ""), against.code_salt)
    right = hmac.compare_digest(typed, against.code_hash)
    return right and stored is not None


def _hash_code(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, dklen=32)


_NOBODYS = StoredLink(
    token_hash=bytes(32),
    code_salt=secrets.token_bytes(_SALT_BYTES),
    code_hash=secrets.token_bytes(32),
)
