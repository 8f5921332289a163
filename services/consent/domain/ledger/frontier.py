"""
The frontier: the few hashes from which a log grows, and its root follows.

For a log of n entries it holds one hash for each bit set in n, the largest complete subtree
first. So an append costs a handful of hashes and reads no entry.
"""

from __future__ import annotations

import attrs

from services.consent.domain.ledger.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


class FrontierBroken(ValueError):
    """A stored frontier does not fit its own size."""


@attrs.frozen
class Frontier:
    """A log's size and the roots of its complete subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise FrontierBroken("one hash for each bit of the size")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise FrontierBroken("a hash has 32 bytes")

    def append(self, leaf: bytes) -> Frontier:
        """Grow by one leaf hash."""
        peaks = [*self.peaks]
        grown = leaf
        # Each trailing one bit of the size is a complete subtree that the new leaf completes
        # into one twice as large, as in adding one to a binary number.
        size = self.size
        while size & 1:
            grown = node_hash(peaks.pop(), grown)
            size >>= 1
        return Frontier(self.size + 1, (*peaks, grown))

    @property
    def root(self) -> bytes:
        """The root hash of the whole log (RFC 6962, section 2.1)."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    @property
    def path_of_next(self) -> tuple[bytes, ...]:
        """
        The inclusion path of the leaf that is appended next, in the log that it makes.

        The last leaf's neighbours on the way up are exactly the complete subtrees before it, so
        a receipt can be made in the transaction of its entry without reading any other entry.
        """
        return tuple(reversed(self.peaks))

    def to_bytes(self) -> bytes:
        """The peaks in one string of bytes, as stored."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, stored: bytes) -> Frontier:
        """
        Read a stored frontier.

        Raises:
            FrontierBroken: the bytes do not fit the size.
        """
        if len(stored) % HASH_SIZE:
            raise FrontierBroken("a hash has 32 bytes")
        peaks = (stored[at : at + HASH_SIZE] for at in range(0, len(stored), HASH_SIZE))
        return cls(size, tuple(peaks))
