"""
Receipts: a file that proves one entry to somebody who holds it (C2SP tlog-proof@v1).

Together with the entry and the ledger's verifier key it is checked without asking us.
"""

from __future__ import annotations

import base64
import re

import attrs

from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.hashing import HASH_SIZE, leaf_hash
from services.consent.domain.ledger.note import NoteBroken, VerifierKey, decode_base64
from services.consent.domain.ledger.proofs import includes

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_LONGEST_PATH = 63


class ReceiptBroken(ValueError):
    """A receipt is malformed, or does not prove the entry beside it."""


@attrs.frozen
class Receipt:
    """The proof that an entry stands at *index* under a signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    """The signed note."""

    def render(self) -> str:
        """Give the `tlog-proof@v1` file."""
        hashes = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.path)
        return f"{_HEADER}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, file: str) -> Receipt:
        """
        Read a `tlog-proof@v1` file.

        Raises:
            ReceiptBroken: it is not one. An `extra` line, which C2SP allows, is refused: our
                receipts have none, and what nobody signed should not travel in them.
        """
        head, separator, checkpoint = file.partition("\n\n")
        lines = head.split("\n")
        if not separator or len(lines) < 2 or lines[0] != _HEADER:
            raise ReceiptBroken("not a tlog-proof@v1 file")
        index = _INDEX.fullmatch(lines[1])
        if index is None or len(lines) - 2 > _LONGEST_PATH:
            raise ReceiptBroken("no index, or too many hashes")
        try:
            path = tuple(decode_base64(line) for line in lines[2:])
        except NoteBroken as error:
            raise ReceiptBroken(str(error)) from error
        if any(len(node) != HASH_SIZE for node in path):
            raise ReceiptBroken("a hash has 32 bytes")
        return cls(int(index[1]), path, checkpoint)

    def verify(self, entry: bytes, key: VerifierKey) -> Checkpoint:
        """
        Check that this receipt proves *entry*, and give the checkpoint it stands under.

        Raises:
            ReceiptBroken: it does not.
        """
        try:
            checkpoint = Checkpoint.open(self.checkpoint, key)
        except NoteBroken as error:
            raise ReceiptBroken(str(error)) from error
        leaf = leaf_hash(entry)
        if not includes(leaf, self.index, checkpoint.size, self.path, checkpoint.root):
            raise ReceiptBroken("the proof does not lead from the entry to the checkpoint")
        return checkpoint
