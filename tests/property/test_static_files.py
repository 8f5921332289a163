"""The ledger as static files: the names and contents of C2SP tlog-tiles."""

from __future__ import annotations

import re

import pytest

from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.proofs import subtrees_of
from services.consent.domain.ledger.static_files import files_of

ENTRIES = [b"entry %d" % n for n in range(70_000)]
ROOT = subtrees_of([leaf_hash(entry) for entry in ENTRIES])


def test_the_specifications_own_example() -> None:
    """
    The rule: "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial
    level 0 tile of width 112, one full level 1 tile, one partial level 1 tile of width 17, and one
    partial level 2 tile of width 1".
    """
    files = dict(files_of("a note", ENTRIES))
    assert files.pop("checkpoint") == b"a note"
    for level in ("0", "entries"):
        full = [f"tile/{level}/{number:03}" for number in range(273)]
        assert files.keys() >= {*full, f"tile/{level}/273.p/112"}
    rest = {name for name in files if not re.match("tile/(0|entries)/", name)}
    assert rest == {"tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert len(files) == 2 * 274 + 3
    assert len(files["tile/0/000"]) == len(files["tile/1/000"]) == 8192
    assert files["tile/1/001.p/17"][-32:] == ROOT(272 * 256, 273 * 256)
    assert files["tile/2/000.p/1"] == ROOT(0, 65_536)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000])
def test_every_entry_is_there_once_and_in_order(size: int) -> None:
    files = dict(files_of("", ENTRIES[:size]))
    bundles = b"".join(files[name] for name in sorted(files) if "entries" in name)
    found = []
    while bundles:
        length = int.from_bytes(bundles[:2], "big")
        found.append(bundles[2 : 2 + length])
        bundles = bundles[2 + length :]
    assert found == ENTRIES[:size]
    hashes = b"".join(files[name] for name in sorted(files) if name.startswith("tile/0/"))
    assert hashes == b"".join(map(leaf_hash, ENTRIES[:size]))
    assert all(files[name] for name in files if name != "checkpoint"), "no tile is empty"
