"""
Tiles: a log's hashes in blocks of 256, with the names that C2SP tlog-tiles gives them.

A tile of level 0 holds 256 leaf hashes side by side, one of level 1 the roots of 256 tiles of level
0, and so on. A full tile never changes. So a proof of any entry reads a handful of tiles, however
long the log is, and others can keep a copy of it as plain files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs

from services.consent.domain.ledger.hashing import HASH_SIZE, node_hash
from services.consent.domain.ledger.proofs import SubtreeHash

HEIGHT = 8
WIDTH = 1 << HEIGHT

Hashes = Callable[[int, int, int], Sequence[bytes]]
"""Gives hashes of one tile: of which level, the first one's number on that level, and how many."""


@attrs.frozen
class Tile:
    """One tile of a log, or of its entries, full or at the log's end not yet."""

    level: int
    """-1 for a bundle of entries, which lies beside the tile of level 0."""
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies among a log's files, such as `tile/0/x001/234.p/5`."""
        thousands, last = divmod(self.number, 1000)
        groups = [f"{last:03}"]
        while thousands:
            thousands, last = divmod(thousands, 1000)
            groups.append(f"x{last:03}")
        level = "entries" if self.level < 0 else str(self.level)
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"

    @property
    def entries(self) -> range:
        """The entries below it."""
        size = 1 << HEIGHT * max(self.level, 0)
        start = self.number * WIDTH * size
        return range(start, start + self.width * size)


def tiles_of(size: int) -> Iterator[Tile]:
    """Give all tiles and bundles that a log of *size* entries consists of."""
    for level in (-1, *range((size.bit_length() + HEIGHT - 1) // HEIGHT)):
        full, rest = divmod(size >> HEIGHT * max(level, 0), WIDTH)
        yield from (Tile(level, number) for number in range(full))
        if rest:
            yield Tile(level, full, rest)


def subtrees_from(hashes: Hashes) -> SubtreeHash:
    """Give subtree hashes from those that tiles hold."""

    def complete(start: int, size: int) -> bytes:
        level, below = divmod(size.bit_length() - 1, HEIGHT)
        return root_of(hashes(level, start >> HEIGHT * level, 1 << below))

    def subtree(start: int, end: int) -> bytes:
        peaks: list[bytes] = []
        while start < end:
            size = 1 << (end - start).bit_length() - 1
            peaks.append(complete(start, size))
            start += size
        root = peaks.pop()
        for peak in reversed(peaks):
            root = node_hash(peak, root)
        return root

    return subtree


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Give the root over hashes, whose number is a power of two."""
    while len(hashes) > 1:
        hashes = [
            node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]


def split(tile: bytes) -> Sequence[bytes]:
    """Give the hashes that a tile holds."""
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Give entries as tlog-tiles bundles them: each after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
