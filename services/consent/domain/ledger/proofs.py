"""
Inclusion and consistency proofs (RFC 6962, section 2.1; checked as in RFC 9162, section 2.1.3).

Making a proof is split in two: which subtrees it needs (pure arithmetic, here), and their hashes
(a `SubtreeHash`, from whatever holds them: leaf hashes today, tiles later).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.consent.domain.ledger.hashing import node_hash

SubtreeHash = Callable[[int, int], bytes]
"""Gives the hash of the subtree over the entries from one number up to, not with, another."""


class NoSuchProof(ValueError):
    """The index or size asked for lies outside the log."""


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> list[bytes]:
    """
    Prove that the entry at *index* is in the log of *size* entries.

    Raises:
        NoSuchProof: there is no such entry.
    """
    if not 0 <= index < size:
        raise NoSuchProof(f"no entry {index} in a log of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old_size: int, size: int, subtree: SubtreeHash) -> list[bytes]:
    """
    Prove that the log of *size* entries begins with the log of *old_size* entries.

    Raises:
        NoSuchProof: the old log is larger than the new one, or empty.
    """
    if not 0 < old_size <= size:
        raise NoSuchProof(f"no proof from {old_size} to {size}")
    path: list[bytes] = []
    start, end = 0, size
    whole = True  # whether the old log's own root is still the subtree looked at
    while old_size != end:
        middle = start + _left_size(end - start)
        if old_size <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
            whole = False
    if not whole:
        path.append(subtree(start, end))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether *path* proves that *leaf* stands at *index* in the log of *size* with this root."""
    if not 0 <= index < size:
        return False
    node, last = index, size - 1
    reached = leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = node_hash(sibling, reached)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            reached = node_hash(reached, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and reached == root


def consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether *path* proves that the new log begins with the whole old one."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    hashes = [*path]
    if not old_size & (old_size - 1):
        # A complete subtree's hash is left out of the proof: it is the old root itself.
        hashes.insert(0, old_root)
    if not hashes:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old_reached = reached = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_reached = node_hash(sibling, old_reached)
            reached = node_hash(sibling, reached)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            reached = node_hash(reached, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old_reached == old_root and reached == root


def subtrees_of(leaves: Sequence[bytes]) -> SubtreeHash:
    """Give subtree hashes from leaf hashes held in memory."""

    def subtree(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        middle = start + _left_size(end - start)
        return node_hash(subtree(start, middle), subtree(middle, end))

    return subtree


def _left_size(size: int) -> int:
    """The largest power of two below *size*: where RFC 6962 splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)
