"""
Our proofs before verifiers that are not ours.

"An independent verifier accepts every proof and rejects every one-bit change."
"""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.proofs import (
    consistency_proof,
    consistent,
    inclusion_proof,
    subtrees_of,
)
from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken
from tests.kit.independent import Claim, one_bit_wrong
from tests.kit.independent.node import NodeSigstore, install
from tests.kit.independent.python import Sigstore
from witness.merkle import grows

PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"independent").digest())
KEY = VerifierKey("sas.test/ledger", PRIVATE_KEY.public_key().public_bytes_raw())
ENTRIES = [b'{"index":%d,"nonce":"%032x"}' % (n, n * n) for n in range(300)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
ROOT = subtrees_of(LEAVES)
MANY = 10_000
SEED = 20261125


def receipt(index: int, size: int) -> str:
    note = Checkpoint(KEY.name, size, ROOT(0, size)).signed(KEY, PRIVATE_KEY.sign)
    return Receipt(index, tuple(inclusion_proof(index, size, ROOT)), note).render()


def claim(index: int, size: int) -> Claim:
    return Claim.of(receipt(index, size), ENTRIES[index], KEY.name)


EVERY = [claim(index, size) for size in range(1, 41) for index in range(size)]
"""Each entry in each ledger of up to forty."""
LARGE = [claim(index, size) for size in (255, 256, 257, 300) for index in range(0, size, 7)]
PROVABLE = [each for each in EVERY + LARGE if each.hashes]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> NodeSigstore:
    return NodeSigstore(KEY, install(tmp_path_factory.mktemp("node")))


def test_sigstore_python_accepts_every_proof() -> None:
    verifier = Sigstore(KEY)
    assert all(verifier.accepts(each) for each in EVERY + LARGE)


def test_sigstore_python_rejects_every_wrong_bit() -> None:
    """Ten thousand: of the index, the hashes, the entry, the checkpoint and its signature."""
    verifier = Sigstore(KEY)
    tried: Counter[str] = Counter()
    for where, wrong in one_bit_wrong(PROVABLE, MANY, SEED):
        assert not verifier.accepts(wrong), (where, wrong)
        tried[where] += 1
    assert tried.total() == MANY
    assert min(tried.values()) > MANY / 10


def test_sigstore_python_knows_our_key_from_another() -> None:
    other = VerifierKey(KEY.name, hashlib.sha256(b"somebody's").digest())
    assert not Sigstore(other).accepts(EVERY[-1])


def test_node_accepts_every_proof(node: NodeSigstore) -> None:
    assert all(node.accept(EVERY + LARGE))


def test_node_rejects_every_wrong_bit(node: NodeSigstore) -> None:
    wrong = [each for _, each in one_bit_wrong(PROVABLE, MANY, SEED + 1)]
    assert len(wrong) == MANY
    assert not any(node.accept(wrong))


def test_node_knows_our_key_from_another(node: NodeSigstore) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"n" * 32).public_key().public_bytes_raw()
    stranger = NodeSigstore(VerifierKey(KEY.name, key), node.folder)
    assert not any(stranger.accept(EVERY[-3:]))


def test_our_own_reading_of_a_receipt_rejects_the_same() -> None:
    for _, wrong in one_bit_wrong(PROVABLE, MANY, SEED + 2):
        file = Receipt(wrong.index, wrong.hashes, wrong.envelope).render()
        with pytest.raises(ReceiptBroken):
            Receipt.parse(file).verify(wrong.entry, KEY)


# That one ledger begins with another: sigstore has no code for it. The witness's is written apart.


def test_both_ways_of_checking_growth_accept_every_proof_and_reject_every_wrong_bit() -> None:
    pairs = [(old, size) for size in range(2, 60) for old in range(1, size)]
    tried = 0
    while tried < MANY:
        for old, size in pairs:
            proof = consistency_proof(old, size, ROOT)
            said = (old, ROOT(0, old), size, ROOT(0, size), proof)
            if tried < len(pairs):
                assert consistent(*said)
                assert grows(*said)
            bit = int.from_bytes(hashlib.sha256(b"%d" % tried).digest()[:4], "big")
            for wrong in wrong_growth(old, size, proof, bit):
                assert not consistent(*wrong), wrong
                assert not grows(*wrong), wrong
                tried += 1


Said = tuple[int, bytes, int, bytes, list[bytes]]


def wrong_growth(old: int, size: int, proof: list[bytes], bit: int) -> list[Said]:
    """Give this proof with one bit wrong: of each root, and of one of its hashes."""
    first, last = ROOT(0, old), ROOT(0, size)
    wrong = [
        (old, flipped(first, bit), size, last, proof),
        (old, first, size, flipped(last, bit), proof),
    ]
    if proof:
        changed = [*proof]
        changed[bit % len(proof)] = flipped(changed[bit % len(proof)], bit >> 8)
        wrong.append((old, first, size, last, changed))
    return wrong


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)
