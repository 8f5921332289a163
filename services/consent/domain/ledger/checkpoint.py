"""Checkpoints: a log's name, size and root in a few lines to be signed (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import re

import attrs

from services.consent.domain.ledger.hashing import HASH_SIZE
from services.consent.domain.ledger.note import (
    NoteBroken,
    Sign,
    VerifierKey,
    decode_base64,
    open_note,
    sign_note,
)

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@attrs.frozen
class Checkpoint:
    """What the ledger looked like at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, key: VerifierKey, sign: Sign) -> str:
        """Give the signed note."""
        return sign_note(self.text, key, sign)

    @classmethod
    def open(cls, note: str, key: VerifierKey) -> Checkpoint:
        """
        Read a checkpoint that *key* signed; the key's name is the log's origin.

        Raises:
            NoteBroken: malformed, of another log, or not signed by *key*.
        """
        lines = open_note(note, key).split("\n")
        # C2SP lets further lines follow; ours has none, so one there is somebody else's work.
        if len(lines) != 4 or lines[3]:
            raise NoteBroken("a checkpoint has three lines")
        origin, size, root = lines[0], lines[1], decode_base64(lines[2])
        if origin != key.name:
            raise NoteBroken("a checkpoint of another log")
        if not _SIZE.fullmatch(size) or len(root) != HASH_SIZE:
            raise NoteBroken("a checkpoint has a size and a root")
        return cls(origin, int(size), root)
