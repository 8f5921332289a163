"""
Signed notes and verifier keys (C2SP signed-note), with Ed25519 only.

A verifier key, `<name>+<key id>+<type and key>`, is all that somebody needs to check us.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import ClassVar, Self

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_SIGNATURE_LINE = "— "
_KEY_ID_SIZE = 4

Sign = Callable[[bytes], bytes]
"""Signs a text with the ledger's key; 64 bytes come back."""


class NoteBroken(ValueError):
    """A note or key is not of the form that C2SP asks for, or nobody trusted signed it."""


@attrs.frozen
class PublicKey:
    """An Ed25519 key under a name, of the kind that the class stands for."""

    kind: ClassVar[bytes]
    """The type byte of C2SP signed-note."""

    name: str
    public_key: bytes = attrs.field()

    @public_key.validator
    def _of_ed25519(self, _: object, value: bytes) -> None:
        if len(value) != 32:
            raise NoteBroken("an Ed25519 key has 32 bytes")

    def __attrs_post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() for c in self.name):
            raise NoteBroken("a key's name has no space and no plus")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, line feed, key type and key."""
        named = self.name.encode() + b"\n" + self.kind + self.public_key
        return hashlib.sha256(named).digest()[:_KEY_ID_SIZE]

    def __str__(self) -> str:
        key = base64.b64encode(self.kind + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a verifier key.

        Raises:
            NoteBroken: it is not one of this kind, or its key id belongs to another key.
        """
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteBroken("a verifier key has three parts")
        raw = decode_base64(parts[2])
        if raw[:1] != cls.kind:
            raise NoteBroken("a key of another kind")
        key = cls(parts[0], raw[1:])
        if key.key_id.hex() != parts[1]:
            raise NoteBroken("the key id belongs to another key")
        return key


@attrs.frozen
class VerifierKey(PublicKey):
    """The public half of a log's key, under the log's name."""

    kind: ClassVar[bytes] = b"\x01"


@attrs.frozen
class SignatureLine:
    """One line under a note: somebody's signature, whoever that is."""

    line: str
    name: str
    key_id: bytes
    signature: bytes


def sign_note(text: str, key: VerifierKey, sign: Sign) -> str:
    """Sign *text*, which ends with a line feed, and give the whole note."""
    if not text.endswith("\n") or "\n\n" in text:
        raise NoteBroken("a note's text ends with one line feed and has no empty line")
    signature = sign(text.encode())
    line = base64.b64encode(key.key_id + signature).decode()
    return f"{text}\n{_SIGNATURE_LINE}{key.name} {line}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """
    Give the text of a note that *key* signed.

    Signatures of keys we don't know are passed over, as C2SP asks: that is how a witness's line
    stands beside ours. A line of our own key that doesn't verify spoils the note.

    Raises:
        NoteBroken: the note is malformed, or not signed by *key*.
    """
    text, lines = split_note(note)
    signed = False
    for each in lines:
        if each.name != key.name or each.key_id != key.key_id:
            continue
        try:
            public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
            public_key.verify(each.signature, text.encode())
        except InvalidSignature as error:
            raise NoteBroken("the signature is wrong") from error
        signed = True
    if not signed:
        raise NoteBroken("not signed by this key")
    return text


def split_note(note: str) -> tuple[str, list[SignatureLine]]:
    """
    Give the text of a note and the signatures under it, none of them verified.

    Raises:
        NoteBroken: the note is malformed.
    """
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteBroken("a note has a text, an empty line and signatures")
    return f"{text}\n", [_signature(line) for line in lines[:-1].split("\n")]


def decode_base64(text: str) -> bytes:
    """
    Decode base64 in its one canonical form, so that no second spelling of a proof passes.

    Raises:
        NoteBroken: it is not that form.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteBroken("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise NoteBroken("not canonical base64")
    return raw


def _signature(line: str) -> SignatureLine:
    if not line.startswith(_SIGNATURE_LINE):
        raise NoteBroken("a signature line begins with a dash")
    name, separator, encoded = line.removeprefix(_SIGNATURE_LINE).partition(" ")
    blob = decode_base64(encoded)
    if not name or not separator or len(blob) <= _KEY_ID_SIZE:
        raise NoteBroken("a signature line has a name and a signature")
    return SignatureLine(line, name, blob[:_KEY_ID_SIZE], blob[_KEY_ID_SIZE:])
