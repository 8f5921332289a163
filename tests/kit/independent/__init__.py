"""
People who check our ledger without any code of ours: sigstore-python, and @sigstore/verify on Node.

Both were written for another log (Rekor), from the same specifications. What they are handed is
what a student gets: an entry and a `tlog-proof@v1` file, taken apart line by line.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

import attrs


@attrs.frozen
class Claim:
    """What a receipt says of an entry."""

    index: int
    hashes: tuple[bytes, ...]
    entry: bytes
    text: bytes
    """The checkpoint's signed lines."""
    name: str
    """Of the key that signed."""
    signature: bytes
    """The key id and the signature."""
    size: int
    root: bytes
    """What the signed lines say, for a verifier that wants to be told beforehand."""

    @classmethod
    def of(cls, receipt: str, entry: bytes, origin: str) -> Claim:
        """Take a receipt apart; of several signatures, the one of the log."""
        head, text, lines = receipt.split("\n\n")
        _, index, *hashes = head.split("\n")
        _, size, root = text.split("\n")
        for line in lines.splitlines():
            _, name, blob = line.split(" ")
            if name == origin:
                return cls(
                    int(index.removeprefix("index ")),
                    tuple(base64.b64decode(each) for each in hashes),
                    entry,
                    f"{text}\n".encode(),
                    name,
                    base64.b64decode(blob),
                    int(size),
                    base64.b64decode(root),
                )
        raise AssertionError("the log's own signature is missing")

    @property
    def envelope(self) -> str:
        """The checkpoint as a signed note; what is no UTF-8 any more, as what it is taken for."""
        line = f"— {self.name} {base64.b64encode(self.signature).decode()}\n"
        try:
            return f"{self.text.decode()}\n{line}"
        except UnicodeDecodeError:
            return f"{self.text.decode('latin-1')}\n{line}"


def one_bit_wrong(claims: list[Claim], count: int, seed: int) -> Iterator[tuple[str, Claim]]:
    """
    Give claims in each of which one bit is wrong, and say where: all that a proof consists of.

    The base64 around it is not: others read it less strictly than our own receipts do.
    """
    chance = random.Random(seed)  # noqa: S311  # to be the same in each run
    for _ in range(count):
        claim = chance.choice(claims)
        where = chance.choice(["index", "hashes", "entry", "text", "signature"])
        match where:
            case "index":
                yield where, attrs.evolve(claim, index=claim.index ^ 1 << chance.randrange(63))
            case "hashes":
                number = chance.randrange(len(claim.hashes))
                changed = [*claim.hashes]
                changed[number] = _flip(changed[number], chance)
                yield where, attrs.evolve(claim, hashes=tuple(changed))
            case "entry":
                yield where, attrs.evolve(claim, entry=_flip(claim.entry, chance))
            case "text":
                yield where, attrs.evolve(claim, text=_flip(claim.text, chance))
            case "signature":
                yield where, attrs.evolve(claim, signature=_flip(claim.signature, chance))


def _flip(data: bytes, chance: random.Random) -> bytes:
    bit = chance.randrange(len(data) * 8)
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
