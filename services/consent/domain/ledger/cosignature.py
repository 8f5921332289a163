"""
What a witness says about our ledger (C2SP tlog-witness and tlog-cosignature, cosignature/v1).

A witness is somebody else's process, with a key that is nowhere among ours. It signs a checkpoint
only after seeing the proof that nothing before it was changed; so with its line under a checkpoint
even whoever holds our database and our signing key together can't rewrite what came before.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.consent.domain.ledger.note import NoteBroken, PublicKey, split_note

_TIME_SIZE = 8
_SIGNATURE_SIZE = 64
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")


@attrs.frozen
class WitnessKey(PublicKey):
    """The public half of a witness's key, under the witness's name."""

    kind: ClassVar[bytes] = b"\x04"


@attrs.frozen
class Cosignature:
    """A witness's line, and when it was signed."""

    line: str
    """As it stands under a checkpoint, with its line feed."""
    at: datetime


def cosignature(note: str, key: WitnessKey) -> Cosignature | None:
    """
    Give the line of this witness under a checkpoint, the latest if there are more; None if none is.

    Raises:
        NoteBroken: the note is malformed, or a line under this witness's name and key is wrong.
    """
    text, lines = split_note(note)
    found: Cosignature | None = None
    for each in lines:
        if each.name != key.name or each.key_id != key.key_id:
            continue
        if len(each.signature) != _TIME_SIZE + _SIGNATURE_SIZE:
            raise NoteBroken("a cosignature has a time and a signature")
        seconds = int.from_bytes(each.signature[:_TIME_SIZE], "big")
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        try:
            public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
            public_key.verify(each.signature[_TIME_SIZE:], message)
            at = datetime.fromtimestamp(seconds, UTC)
        except (InvalidSignature, ValueError, OverflowError, OSError) as error:
            raise NoteBroken("the cosignature is wrong") from error
        if found is None or at > found.at:
            found = Cosignature(f"{each.line}\n", at)
    return found


def submission(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """Give the body of `add-checkpoint`: where the witness stood, how we got here, and where."""
    hashes = "".join(f"{base64.b64encode(node).decode()}\n" for node in proof)
    return f"old {old_size}\n{hashes}\n{note}".encode()


def witness_size(body: str) -> int | None:
    """Read where a witness says that it stands (`text/x.tlog.size`); None if that is no size."""
    found = _SIZE.fullmatch(body)
    return int(found[1]) if found else None
