"""What must hold for every ledger, proof and receipt: all small sizes, many random ones."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import fsck as check
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.entry import Entry, EntryBroken, canonical, parse
from services.consent.domain.ledger.frontier import Frontier, FrontierBroken
from services.consent.domain.ledger.hashing import EMPTY_ROOT, leaf_hash
from services.consent.domain.ledger.note import NoteBroken, VerifierKey, open_note, sign_note
from services.consent.domain.ledger.proofs import (
    NoSuchProof,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    subtrees_of,
)
from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken

SIZES = range(1, 71)
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(300)]
ROOT = subtrees_of(LEAVES)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a key for tests").digest())
KEY = VerifierKey("sas.test/ledger", PRIVATE_KEY.public_key().public_bytes_raw())


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def entry(number: int, **fields: object) -> Entry:
    return Entry(
        action="case_note:read",
        effect="allow",
        actor="staffMembers/00000000-0000-4000-8000-000000000001",
        role="adviser",
        at=datetime(2026, 11, 1, 12, 0, number % 60, tzinfo=UTC),
        policy_set="0" * 64,
        record=f"records/00000000-0000-4000-8000-{number:012d}",
        student="students/00000000-0000-4000-8000-000000000002",
        **fields,  # type: ignore[arg-type]  # any field of an entry
    )


# The tree


def test_known_roots_of_rfc_6962() -> None:
    """The vectors that every implementation of certificate transparency is tested with."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    frontier = Frontier()
    assert frontier.root == EMPTY_ROOT
    for data, root in zip(inputs, roots, strict=True):
        frontier = frontier.append(leaf_hash(bytes.fromhex(data)))
        assert frontier.root.hex() == root


def test_the_frontier_grows_to_the_root_of_the_whole_tree() -> None:
    frontier = Frontier()
    for size in range(1, 301):
        frontier = frontier.append(LEAVES[size - 1])
        assert frontier.root == ROOT(0, size)
        assert Frontier.from_bytes(size, frontier.to_bytes()) == frontier


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    stored = frontier_of(LEAVES[:5]).to_bytes()
    for size, data in [(4, stored), (5, stored[:-1]), (5, stored[:-32]), (-1, b"")]:
        with pytest.raises(FrontierBroken):
            Frontier.from_bytes(size, data)


def test_every_inclusion_proof_is_accepted_and_only_at_its_place() -> None:
    for size in SIZES:
        for index in range(size):
            path = inclusion_proof(index, size, ROOT)
            assert includes(LEAVES[index], index, size, path, ROOT(0, size))
            for other in (index - 1, index + 1, size, -1):
                assert not includes(LEAVES[index], other, size, path, ROOT(0, size))
            assert not includes(LEAVES[index], index, size, [*path, LEAVES[0]], ROOT(0, size))
            assert not path or not includes(LEAVES[index], index, size, path[:-1], ROOT(0, size))


def test_the_path_of_the_next_leaf_needs_no_other_entry() -> None:
    frontier = Frontier()
    for index in range(200):
        path = frontier.path_of_next
        frontier = frontier.append(LEAVES[index])
        assert list(path) == inclusion_proof(index, index + 1, ROOT)


def test_every_consistency_proof_is_accepted() -> None:
    for size in SIZES:
        for old in range(1, size + 1):
            path = consistency_proof(old, size, ROOT)
            assert consistent(old, ROOT(0, old), size, ROOT(0, size), path)
            assert not consistent(old, LEAVES[299], size, ROOT(0, size), path)
            assert not consistent(old, ROOT(0, old), size, LEAVES[299], path)
            assert not consistent(old, ROOT(0, old), size, ROOT(0, size), [*path, LEAVES[0]])
            if path:
                assert not consistent(old, ROOT(0, old), size, ROOT(0, size), path[:-1])


def test_a_proof_of_one_size_is_none_of_a_much_larger_one() -> None:
    """RFC 9162, section 2.1.4.2: a path that ends below the root proves nothing about the root."""
    path = consistency_proof(4, 8, ROOT)
    assert consistent(4, ROOT(0, 4), 8, ROOT(0, 8), path)
    assert not consistent(4, ROOT(0, 4), 16, ROOT(0, 8), path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5)])
def test_no_proof_for_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(NoSuchProof):
        inclusion_proof(index, size, ROOT)
    with pytest.raises(NoSuchProof):
        consistency_proof(size + 1, size, ROOT)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_one_flipped_bit_spoils_a_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, ROOT)
    which = data.draw(st.integers(0, len(path) - 1))
    path[which] = flipped(path[which], data.draw(st.integers(0, 255)))
    assert not includes(LEAVES[index], index, size, path, ROOT(0, size))

    old = data.draw(st.integers(1, size - 1))
    path = consistency_proof(old, size, ROOT)
    which = data.draw(st.integers(0, len(path) - 1))
    path[which] = flipped(path[which], data.draw(st.integers(0, 255)))
    assert not consistent(old, ROOT(0, old), size, ROOT(0, size), path)


# Notes, checkpoints, receipts


def receipt_of(count: int, index: int) -> tuple[Receipt, bytes]:
    entries = [entry(n).to_bytes(n) for n in range(count)]
    leaves = [leaf_hash(each) for each in entries]
    checkpoint = Checkpoint(KEY.name, count, frontier_of(leaves).root)
    path = inclusion_proof(index, count, subtrees_of(leaves))
    return Receipt(index, tuple(path), checkpoint.signed(KEY, PRIVATE_KEY.sign)), entries[index]


def test_a_verifier_key_survives_its_spelling() -> None:
    assert VerifierKey.parse(str(KEY)) == KEY
    name, key_id, key = str(KEY).split("+", 2)
    others = [f"other+{key_id}+{key}", f"{name}+00000000+{key}", f"{name}+{key_id}", ""]
    of_another_kind = base64.b64encode(b"\x04" + KEY.public_key).decode()
    others += [f"{name}+{key_id}+{each}" for each in (of_another_kind, "MjIy")]
    for wrong in [*others, f"{name}+{key_id}+{base64.b64encode(b'2' * 33).decode()}"]:
        with pytest.raises(NoteBroken):
            VerifierKey.parse(wrong)


def test_a_witness_may_sign_beside_us_and_nobody_instead_of_us() -> None:
    note = sign_note("text\n", KEY, PRIVATE_KEY.sign)
    other_key = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    witness = VerifierKey("witness.test", other_key.public_key().public_bytes_raw())
    beside = sign_note("text\n", witness, other_key.sign).rpartition("\n\n")[2]
    assert open_note(note + beside, KEY) == open_note(note + beside, witness) == "text\n"
    with pytest.raises(NoteBroken):
        open_note(sign_note("text\n", witness, other_key.sign), KEY)
    imposter = VerifierKey(KEY.name, witness.public_key)
    with pytest.raises(NoteBroken):
        open_note(sign_note("text\n", imposter, other_key.sign), KEY)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = Checkpoint("other.test/ledger", 1, b"r" * 32).signed(KEY, PRIVATE_KEY.sign)
    with pytest.raises(NoteBroken):
        Checkpoint.open(other, KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY.name}\n1\n{{root}}\nand more\n",
        f"{KEY.name}\n01\n{{root}}\n",
        f"{KEY.name}\n-1\n{{root}}\n",
        f"{KEY.name}\n1\ncm9vdA==\n",
    ],
    ids=["a-line-more", "another-spelling", "no-size", "no-root"],
)
def test_a_checkpoint_has_one_spelling_even_if_our_key_signed_another(text: str) -> None:
    root = base64.b64encode(b"r" * 32).decode()
    with pytest.raises(NoteBroken):
        Checkpoint.open(sign_note(text.format(root=root), KEY, PRIVATE_KEY.sign), KEY)


def test_a_line_in_our_name_that_we_did_not_sign_spoils_the_note() -> None:
    """C2SP signed-note; else a forged line could stand beside a true one."""
    note = sign_note("text\n", KEY, PRIVATE_KEY.sign)
    forged = sign_note("text\n", KEY, lambda _: b"x" * 64).rpartition("\n\n")[2]
    for lines in (note + forged, note.replace("\n\n", "\n\n" + forged)):
        with pytest.raises(NoteBroken):
            open_note(lines, KEY)


def test_a_receipt_is_for_its_place_and_no_other() -> None:
    receipt, its_entry = receipt_of(7, 6)
    for index in (5, 7, 2**40):
        moved = Receipt.parse(attrs.evolve(receipt, index=index).render())
        with pytest.raises(ReceiptBroken):
            moved.verify(its_entry, KEY)
    longer = attrs.evolve(receipt, path=(b"h" * 32,) * 64)
    with pytest.raises(ReceiptBroken):
        Receipt.parse(longer.render())


def test_a_receipt_proves_its_entry() -> None:
    for count in (1, 2, 3, 7, 8, 33):
        for index in range(count):
            receipt, its_entry = receipt_of(count, index)
            parsed = Receipt.parse(receipt.render())
            assert parsed == receipt
            assert parsed.verify(its_entry, KEY).size == count


def test_one_flipped_bit_anywhere_spoils_a_receipt() -> None:
    """Every bit of the file and of the entry is covered: none can be changed unnoticed."""
    receipt, its_entry = receipt_of(7, 2)
    file = receipt.render().encode()
    for bit in range(len(file) * 8):
        with pytest.raises((ReceiptBroken, UnicodeDecodeError)):
            Receipt.parse(flipped(file, bit).decode()).verify(its_entry, KEY)
    for bit in range(len(its_entry) * 8):
        with pytest.raises(ReceiptBroken):
            receipt.verify(flipped(its_entry, bit), KEY)


# Entries


def test_an_entry_is_canonical_and_knows_its_place() -> None:
    data = entry(3, reasons=("b", "a")).to_bytes(3)
    fields = parse(data)
    assert canonical(fields) == data
    assert fields["index"] == 3
    assert fields["reasons"] == ["a", "b"]
    assert b"students/" not in data


def test_two_equal_decisions_have_unlike_entries() -> None:
    """Without the nonce whoever holds leaf hashes could confirm a guess about who came."""
    first, second = parse(entry(1).to_bytes(1)), parse(entry(1).to_bytes(1))
    assert first["nonce"] != second["nonce"]
    assert first["subject"] != second["subject"]


@pytest.mark.parametrize("field", ["about", "purpose", "record", "role", "actor", "student"])
def test_words_do_not_enter_the_ledger(field: str) -> None:
    """Nor does the end of a line, by which lines that are written together would be mixed up."""
    fields = {"action": "a:b", "effect": "allow", "actor": "x", "role": "y", "policy_set": "0"}
    for words in ("Jane Smith", "jane@example", "ünïcode", "a\nb", "a\n", "x" * 201):
        with pytest.raises(EntryBroken) as caught:
            Entry(**{**fields, field: words}, at=datetime.now(UTC))  # type: ignore[arg-type]
        assert words not in str(caught.value)


def test_an_entry_too_long_for_a_bundle_is_refused() -> None:
    with pytest.raises(EntryBroken):
        entry(1, items=tuple(f"documents/{n:0180d}" for n in range(400))).to_bytes(1)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"a": 1}', b'{"b":1,"a":2}', b"\xff", b"[" * 9999])
def test_only_canonical_json_is_an_entry(data: bytes) -> None:
    with pytest.raises(EntryBroken):
        parse(data)


# The check of the whole ledger


class Ledger:
    """A ledger of 20 entries with checkpoints at 5, 12 and 20, to be tampered with."""

    def __init__(self, size: int = 20) -> None:
        self.rows = [self.row(n) for n in range(size)]
        leaves = [row.leaf_hash for row in self.rows]
        self.frontier = frontier_of(leaves)
        self.checkpoints = [self.checkpoint(leaves, size) for size in (5, 12, 20)]

    @staticmethod
    def row(number: int) -> check.Row:
        """Give an honest row, with a nonce of its own each time."""
        made = entry(number)
        data = made.to_bytes(number)
        columns = {"record": made.record, "actor": made.actor, "student": made.student}
        return check.Row(number, data, leaf_hash(data), columns)

    @staticmethod
    def checkpoint(leaves: list[bytes], size: int) -> str:
        """Sign what the ledger is at this size."""
        return Checkpoint(KEY.name, size, frontier_of(leaves[:size]).root).signed(
            KEY, PRIVATE_KEY.sign
        )

    def fsck(self) -> list[str]:
        """Say what is wrong, as an operator would read it."""
        return [str(each) for each in check.fsck(self.rows, self.frontier, self.checkpoints, KEY)]

    def agree_with_the_rows(self) -> None:
        """Repair the frontier, as a superuser would who tampers with care."""
        self.frontier = frontier_of([row.leaf_hash for row in self.rows])


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_an_honest_ledger_has_nothing_wrong(ledger: Ledger) -> None:
    assert ledger.fsck() == []
    ledger.checkpoints = []
    assert ledger.fsck() == []
    ledger.rows, ledger.frontier = [], Frontier()
    assert ledger.fsck() == []


def test_fsck_names_a_changed_entry(ledger: Ledger) -> None:
    other = entry(7, purpose="advice").to_bytes(7)
    ledger.rows[7] = check.Row(7, other, ledger.rows[7].leaf_hash)
    assert ledger.fsck() == [f"entry 7: {check.ENTRY_CHANGED}"]


def test_fsck_names_an_entry_in_another_spelling(ledger: Ledger) -> None:
    """One decision has one form, so that no two entries say the same and prove unlike things."""
    other = ledger.rows[7].entry.replace(b",", b", ", 1)
    ledger.rows[7] = check.Row(7, other, leaf_hash(other))
    ledger.agree_with_the_rows()
    ledger.checkpoints = []
    assert ledger.fsck() == [f"entry 7: {check.ENTRY_NOT_CANONICAL}"]


def test_fsck_names_every_changed_entry(ledger: Ledger) -> None:
    for place in (3, 7, 19):
        data = flipped(ledger.rows[place].entry, 99)
        ledger.rows[place] = check.Row(place, data, ledger.rows[place].leaf_hash)
    assert ledger.fsck() == [f"entry {place}: {check.ENTRY_CHANGED}" for place in (3, 7, 19)]


def test_fsck_narrows_a_change_with_a_matching_leaf_hash(ledger: Ledger) -> None:
    ledger.rows[7] = ledger.row(7)  # another nonce: another entry, with its own right hash
    ledger.agree_with_the_rows()
    assert ledger.fsck() == [f"entries 5 to 11: {check.REWRITTEN}"]


def test_fsck_sees_a_changed_entry_without_any_checkpoint(ledger: Ledger) -> None:
    ledger.rows[7] = ledger.row(7)
    ledger.checkpoints = []
    assert ledger.fsck() == [f"entries 0 to 19: {check.FRONTIER_BROKEN}"]


def test_fsck_names_a_missing_entry(ledger: Ledger) -> None:
    del ledger.rows[7]
    assert ledger.fsck() == [f"entry 7: {check.ENTRY_MISSING}"]


def test_fsck_names_the_place_of_an_entry_taken_out_and_closed_up(ledger: Ledger) -> None:
    moved = [check.Row(row.index - 1, row.entry, row.leaf_hash) for row in ledger.rows[8:]]
    ledger.rows[7:] = moved
    found = ledger.fsck()
    assert found[0] == f"entry 7: {check.ENTRY_MOVED}"
    assert f"entry 19: {check.ENTRY_MISSING}" in found


def test_fsck_names_an_entry_put_in_at_the_end(ledger: Ledger) -> None:
    ledger.rows.append(ledger.row(20))
    assert ledger.fsck() == [f"entry 20: {check.BEYOND_FRONTIER}"]


def test_fsck_names_an_entry_put_in_between(ledger: Ledger) -> None:
    moved = [check.Row(row.index + 1, row.entry, row.leaf_hash) for row in ledger.rows[7:]]
    ledger.rows[7:] = [ledger.row(7), *moved]
    found = ledger.fsck()
    assert found[0] == f"entry 8: {check.ENTRY_MOVED}"
    assert f"entries 5 to 11: {check.REWRITTEN}" in found


def test_fsck_names_entries_that_changed_places(ledger: Ledger) -> None:
    seven, nine = ledger.rows[7], ledger.rows[9]
    ledger.rows[7] = check.Row(7, nine.entry, nine.leaf_hash)
    ledger.rows[9] = check.Row(9, seven.entry, seven.leaf_hash)
    found = ledger.fsck()
    assert found[:2] == [f"entry 7: {check.ENTRY_MOVED}", f"entry 9: {check.ENTRY_MOVED}"]


def test_fsck_sees_a_cut_ledger(ledger: Ledger) -> None:
    del ledger.rows[15:]
    assert f"entries 15 to 19: {check.ENTRY_MISSING}" in ledger.fsck()
    ledger.agree_with_the_rows()
    assert ledger.fsck() == [check.FRONTIER_BEHIND, f"entries 15 to 19: {check.CUT}"]


def test_a_checkpoint_kept_elsewhere_shows_a_cut_that_the_database_hides(ledger: Ledger) -> None:
    kept = ledger.checkpoints.pop()
    del ledger.rows[15:]
    ledger.agree_with_the_rows()
    assert ledger.fsck() == []
    ledger.checkpoints.append(kept)
    assert f"entries 15 to 19: {check.CUT}" in ledger.fsck()


def test_fsck_sees_a_row_hidden_from_the_students_list(ledger: Ledger) -> None:
    row = ledger.rows[7]
    assert row.columns is not None
    for name in ("record", "actor", "student"):
        ledger.rows[7] = check.Row(7, row.entry, row.leaf_hash, {**row.columns, name: ""})
        assert ledger.fsck() == [f"entry 7: {check.COLUMNS_CHANGED}"]


def test_fsck_refuses_a_checkpoint_that_another_key_signed(ledger: Ledger) -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    imposter = VerifierKey(KEY.name, other.public_key().public_bytes_raw())
    forged = Checkpoint(KEY.name, 20, ledger.frontier.root).signed(imposter, other.sign)
    ledger.checkpoints.append(forged)
    assert ledger.fsck() == [check.CHECKPOINT_NOT_OURS]


def test_a_row_far_beyond_the_end_is_found_quickly(ledger: Ledger) -> None:
    ledger.rows.append(ledger.row(10**15))
    assert f"entry {10**15}: {check.BEYOND_FRONTIER}" in ledger.fsck()
