"""
Whether one Merkle tree begins with the whole of another (RFC 6962, section 2.1.2).

Written from the definition of the proof, downwards and recursively. The ledger checks itself the
other way, upwards over the bits of the sizes (RFC 9162, section 2.1.4.2); a mistake would have to
be made twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def grows(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether *proof* shows that the tree of *size* begins with all of the tree of *old_size*."""
    if not 0 <= old_size <= size:
        return False
    if old_size == 0:
        return not proof and (size > 0 or root == EMPTY_ROOT)
    hashes = list(proof)
    try:
        found = _roots(old_size, size, hashes, old_root)
    except IndexError:
        return False
    return not hashes and found == (old_root, root)


def _roots(old: int, size: int, proof: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """
    Give the old and the new root that *proof* leads to, taking its hashes from the end.

    *known* is the old root while the old tree may still be one whole subtree of the new one, which
    the proof leaves out because whoever checks it has it; None once it can't be.
    """
    if old == size:
        node = known if known is not None else proof.pop()
        return node, node
    left = 1 << (size - 1).bit_length() - 1  # the largest power of two below the size
    if old <= left:
        right = proof.pop()
        before, after = _roots(old, left, proof, known)
        return before, _node(after, right)
    shared = proof.pop()
    before, after = _roots(old - left, size - left, proof, None)
    return _node(shared, before), _node(shared, after)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
