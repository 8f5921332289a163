"""The witness's own arithmetic, against proofs that the ledger made: every pair of small sizes."""

from __future__ import annotations

from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.proofs import consistency_proof, consistent, subtrees_of
from witness.merkle import EMPTY_ROOT, grows

LEAVES = [leaf_hash(b"entry %d" % n) for n in range(70)]
OTHERS = [leaf_hash(b"another %d" % n) for n in range(70)]
ROOT = subtrees_of(LEAVES)
PAIRS = [(old, size) for size in range(1, 70) for old in range(1, size + 1)]


def test_every_honest_proof_is_accepted() -> None:
    for old, size in PAIRS:
        assert grows(old, ROOT(0, old), size, ROOT(0, size), consistency_proof(old, size, ROOT))


def test_no_proof_is_accepted_for_another_size_root_or_length() -> None:
    for old, size in PAIRS:
        proof, first, last = consistency_proof(old, size, ROOT), ROOT(0, old), ROOT(0, size)
        assert not grows(old, first, size, last, [*proof, LEAVES[0]])
        assert not grows(old, OTHERS[0], size, last, proof)
        assert not grows(old, first, size, OTHERS[0], proof)
        assert not proof or not grows(old, first, size, last, proof[:-1])
        assert not proof or not grows(old, first, size, last, proof[1:])
        assert not grows(size + 1, first, size, last, proof)
        assert not grows(-1, first, size, last, proof)


def test_a_history_that_differs_before_the_old_size_is_never_accepted() -> None:
    """With the forger's own faultless proof, whichever entry below the old size was changed."""
    for old, size in PAIRS:
        if size > 24:
            break
        for changed in range(old):
            forged = subtrees_of([*LEAVES[:changed], OTHERS[changed], *LEAVES[changed + 1 :]])
            proof = consistency_proof(old, size, forged)
            assert not grows(old, ROOT(0, old), size, forged(0, size), proof)


def test_it_says_what_the_ledgers_own_arithmetic_says() -> None:
    """Two ways of one definition, each written apart; also where size and proof don't belong."""
    for old, size in PAIRS[:600]:
        proof = consistency_proof(old, size, ROOT)
        for n in (old - 1, old, old + 1):
            for m in (size - 1, size, size + 1):
                if 0 < n <= m <= 69:
                    said = grows(n, ROOT(0, n), m, ROOT(0, m), proof)
                    assert said == consistent(n, ROOT(0, n), m, ROOT(0, m), proof)


def test_everything_begins_with_nothing() -> None:
    assert grows(0, EMPTY_ROOT, 7, ROOT(0, 7), [])
    assert grows(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not grows(0, EMPTY_ROOT, 0, LEAVES[0], [])
    assert not grows(0, EMPTY_ROOT, 7, ROOT(0, 7), [LEAVES[0]])
