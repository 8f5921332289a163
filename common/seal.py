"""
Sealing of one field of one item, so that a row taken from the database opens nothing.

Shared because cases and identity both seal words with the data keys that Vault makes.

The construction is the one of the AWS Encryption SDK's suite 04 78: from the item's data key and a
random salt, HKDF-SHA512 (RFC 5869) derives a commitment, an AES-256-GCM key (NIST SP 800-38D) and
its nonce, used once. The commitment matters because plain AES-GCM lets somebody with two keys craft
one ciphertext with two meanings; here a ciphertext opens under one key only.

What a sealed value is bound to (record, item, field, version) goes into the derivation and, again,
into the associated data: moved to another row or column, or put back as another version, it does
not open.

A sealed value is: 1 byte form, 32 bytes salt, 32 bytes commitment, ciphertext, 16 bytes tag.
"""

from __future__ import annotations

import hmac
import os

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORM = b"\x01"
_PURPOSE = b"sas seal 1"
_SALT = 32
_COMMITMENT = 32
_KEY = 32
_NONCE = 12
_TAG = 16
_HEAD = len(_FORM) + _SALT + _COMMITMENT


class SealBroken(Exception):
    """
    The sealed value does not belong to this key and place, or was changed.

    Which of these it was is not told: an attacker who tries could learn from it.
    """

    def __init__(self) -> None:
        super().__init__("the seal is broken")


@attrs.frozen
class _Derived:
    commitment: bytes
    key: bytes = attrs.field(repr=False)
    nonce: bytes


def seal(
    key: bytes, plaintext: bytes, *, record: str, item: str, field: str = "", version: int = 1
) -> bytes:
    """
    Seal *plaintext* with an item's data key (32 bytes), bound to its place.

    Args:
        key: the item's data key from `Vault.new_data_key`.
        plaintext: at most 64 GiB by AES-GCM; ours are a few MiB at most, all in memory.
        record: the record's name, `records/<uuid>`.
        item: the item's name, the same as was given to `Vault.new_data_key`.
        field: the column, where one item has several sealed fields.
        version: of the item, from 1.

    Raises:
        ValueError: *key* is not 32 bytes long.
    """
    place = _place(record, item, field, version)
    salt = os.urandom(_SALT)
    derived = _derive(key, salt, place)
    ciphertext = AESGCM(derived.key).encrypt(derived.nonce, plaintext, place)
    return _FORM + salt + derived.commitment + ciphertext


def unseal(
    key: bytes, sealed: bytes, *, record: str, item: str, field: str = "", version: int = 1
) -> bytes:
    """
    Open what `seal` made, with the same key and the same place.

    Raises:
        SealBroken: another key, another place, or any bit of *sealed* was changed.
        ValueError: *key* is not 32 bytes long.
    """
    if len(sealed) < _HEAD + _TAG or not sealed.startswith(_FORM):
        raise SealBroken
    place = _place(record, item, field, version)
    salt = sealed[len(_FORM) : len(_FORM) + _SALT]
    derived = _derive(key, salt, place)
    if not hmac.compare_digest(sealed[_HEAD - _COMMITMENT : _HEAD], derived.commitment):
        raise SealBroken
    try:
        return AESGCM(derived.key).decrypt(derived.nonce, sealed[_HEAD:], place)
    except InvalidTag:
        raise SealBroken from None


def _derive(key: bytes, salt: bytes, place: bytes) -> _Derived:
    if len(key) != _KEY:
        raise ValueError("a data key is 32 bytes long")
    # The commitment comes first, so that it lies within HKDF's first block of output.
    length = _COMMITMENT + _KEY + _NONCE
    output = HKDF(SHA512(), length, salt=salt, info=_PURPOSE + place).derive(key)
    return _Derived(
        commitment=output[:_COMMITMENT],
        key=output[_COMMITMENT : _COMMITMENT + _KEY],
        nonce=output[_COMMITMENT + _KEY :],
    )


def _place(record: str, item: str, field: str, version: int) -> bytes:
    """
    Write the place so that no two places give the same bytes: each part with its length before it.

    Without the lengths, item `a` field `bc` and item `ab` field `c` would look alike.
    """
    parts = (record, item, field, str(version))
    return b"".join(_with_length(part.encode()) for part in parts)


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
