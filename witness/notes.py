"""
What the log signs and what we sign: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

Everything here comes from the network and is read strictly: one spelling of each thing, or none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from witness.merkle import HASH_SIZE

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
"""The types of key: a log's, and a witness's that signs with the time."""

MOST_SIGNATURES = 64
"""Signed-note asks for at least 16."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Malformed(ValueError):
    """It does not have the form that C2SP asks for."""


@dataclass(frozen=True)
class Key:
    """A public key under a name, as a verifier key spells it: `name+key id+type and key`."""

    name: str
    kind: bytes
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line says whose it is."""
        named = self.name.encode() + b"\n" + self.kind + self.public
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        return (
            f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"
        )

    @classmethod
    def parse(cls, text: str, kind: bytes) -> Key:
        """
        Read a verifier key.

        Raises:
            Malformed: it is none of this kind, or its key id is another key's.
        """
        parts = text.split("+", 2)
        if len(parts) != 3 or not is_name(parts[0]):
            raise Malformed("not a verifier key")
        raw = from_base64(parts[2])
        key = cls(parts[0], raw[:1], raw[1:])
        if raw[:1] != kind or len(key.public) != 32 or key.key_id.hex() != parts[1]:
            raise Malformed("not a verifier key of this kind")
        return key


@dataclass(frozen=True)
class Checkpoint:
    """A log at one size, as it was signed."""

    origin: str
    size: int
    root: bytes
    text: bytes
    """What the signatures are over."""
    signatures: tuple[tuple[str, bytes], ...]
    """Name, and key id with signature, of each line."""

    @classmethod
    def parse(cls, note: bytes) -> Checkpoint:
        """
        Read a signed checkpoint; whether anybody signed it is another question.

        Raises:
            Malformed: it is none.
        """
        try:
            whole = note.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("not UTF-8") from error
        if any(character < " " and character != "\n" for character in whole):
            raise Malformed("a control character")
        text, separator, lines = whole.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise Malformed("a note has a text, an empty line and signatures")
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MOST_SIGNATURES:
            raise Malformed("too many signatures")
        parts = text.split("\n")
        if len(parts) < 3 or not all(parts):
            raise Malformed("a checkpoint has at least three lines, and none that is empty")
        root = from_base64(parts[2])
        if len(root) != HASH_SIZE:
            raise Malformed("a root has 32 bytes")
        return cls(parts[0], size_of(parts[1]), root, f"{text}\n".encode(), signatures)

    def signed_by(self, key: Key) -> bool:
        """Whether a line of this log's key verifies. Lines of keys we don't know count nothing."""
        return any(
            name == key.name and blob[:4] == key.key_id and _verifies(key, blob[4:], self.text)
            for name, blob in self.signatures
        )


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, now: int) -> str:
    """Give our signature line: that this is the largest we have seen of this log as of *now*."""
    message = f"cosignature/v1\ntime {now}\n".encode() + checkpoint.text
    blob = public(name, key).key_id + now.to_bytes(8, "big") + key.sign(message)
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def public(name: str, key: Ed25519PrivateKey) -> Key:
    """Give what others know us by."""
    return Key(name, COSIGNATURE, key.public_key().public_bytes_raw())


def size_of(text: str) -> int:
    """
    Read the size of a tree.

    Raises:
        Malformed: it is not a decimal without leading zeroes, or larger than any tree.
    """
    if not _SIZE.fullmatch(text) or int(text) >= 1 << 63:
        raise Malformed("not the size of a tree")
    return int(text)


def is_name(text: str) -> bool:
    """Whether this can be a key's name."""
    return bool(text) and "+" not in text and not any(each.isspace() for each in text)


def from_base64(text: str) -> bytes:
    """
    Decode base64 in its one canonical spelling.

    Raises:
        Malformed: it is not that.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Malformed("not canonical base64")
    return raw


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = from_base64(encoded)
    if dash != "—" or not is_name(name) or len(blob) <= 4:
        raise Malformed("not a signature line")
    return name, blob


def _verifies(key: Key, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
    except InvalidSignature:
        return False
    return True
