"""Tiles: the same hashes in blocks of 256, for all sizes; and what they show to fsck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import fsck as check
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.proofs import (
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    subtrees_of,
)
from services.consent.domain.ledger.tiles import (
    WIDTH,
    Tile,
    bundle,
    root_of,
    split,
    subtrees_from,
    tiles_of,
)
from tests.property.test_ledger import KEY, Ledger, frontier_of

SIZE = WIDTH * WIDTH + 3 * WIDTH + 7
LEAVES = [leaf_hash(b"%d" % number) for number in range(SIZE)]


@attrs.frozen
class Stored:
    """The full tiles of a log, in memory."""

    tiles: dict[tuple[int, int], bytes]
    leaves: Sequence[bytes]
    read: list[tuple[int, int]] = attrs.field(factory=list)

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> Stored:
        """Cut *leaves* and all levels above them into tiles."""
        tiles, level, hashes = {}, 0, leaves
        while len(hashes) >= WIDTH:
            above = []
            for number in range(len(hashes) // WIDTH):
                block = hashes[number * WIDTH : (number + 1) * WIDTH]
                tiles[level, number] = b"".join(block)
                above.append(root_of(block))
            level, hashes = level + 1, above
        return cls(tiles, leaves)

    def stored(self, level: int, number: int) -> bytes | None:
        """Give a tile."""
        return self.tiles.get((level, number))

    def places(self) -> Iterable[Tile]:
        """Give the place of each."""
        return [Tile(*place) for place in sorted(self.tiles)]

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Give hashes of one tile, full or not."""
        number, place = divmod(first, WIDTH)
        self.read.append((level, number))
        if (tile := self.stored(level, number)) is not None:
            return split(tile)[place : place + count]
        if level == 0:
            return self.leaves[first : first + count]
        below = (self.stored(level - 1, each) for each in range(first, first + count))
        return [root_of(split(tile)) for tile in below if tile is not None]


STORED = Stored.of(LEAVES)
ROOT = subtrees_of(LEAVES)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_proof_from_tiles_reads_a_handful_of_them(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    STORED.read.clear()
    path = inclusion_proof(index, size, subtrees_from(STORED.hashes))
    assert len(set(STORED.read)) <= 6  # two for each level: the entry's own, and the log's end
    assert includes(LEAVES[index], index, size, path, frontier_of(LEAVES[:size]).root)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_consistency_proof_from_tiles_is_the_same(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SIZE))
    old = data.draw(st.integers(1, size))
    STORED.read.clear()
    path = consistency_proof(old, size, subtrees_from(STORED.hashes))
    assert len(set(STORED.read)) <= 9
    roots = [frontier_of(LEAVES[:each]).root for each in (old, size)]
    assert consistent(old, roots[0], size, roots[1], path)


def test_tiles_lie_where_c2sp_says() -> None:
    assert Tile(3, 1234067).path == "tile/3/x001/x234/067"
    assert Tile(0, 0, 5).path == "tile/0/000.p/5"
    assert Tile(-1, 1000).path == "tile/entries/x001/000"


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, WIDTH * WIDTH, SIZE])
def test_a_log_consists_of_these_tiles(size: int) -> None:
    """Of every level the full ones and at most one partial, until one hash is left."""
    tiles = list(tiles_of(size))
    bundles = [tile for tile in tiles if tile.level < 0]
    assert [n for tile in bundles for n in tile.entries] == list(range(size))
    for level in range(max((tile.level for tile in tiles), default=-1) + 1):
        assert sum(tile.width for tile in tiles if tile.level == level) == size >> 8 * level


def test_a_bundle_says_how_long_each_entry_is() -> None:
    assert bundle([b"ab", b"x" * 300]) == b"\x00\x02ab\x01\x2c" + b"x" * 300


# What tiles show to fsck


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(WIDTH * 2 + 20)


def findings(ledger: Ledger, tiles: Stored) -> list[str]:
    return [
        str(each)
        for each in check.fsck(ledger.rows, ledger.frontier, ledger.checkpoints, KEY, tiles)
    ]


def tiles_of_rows(ledger: Ledger) -> Stored:
    return Stored.of([row.leaf_hash for row in ledger.rows])


def test_honest_tiles_have_nothing_wrong(ledger: Ledger) -> None:
    assert findings(ledger, tiles_of_rows(ledger)) == []


def test_tiles_name_an_entry_that_was_changed_with_its_leaf_hash(ledger: Ledger) -> None:
    """Without tiles, only the range between two checkpoints could be named."""
    tiles = tiles_of_rows(ledger)
    ledger.rows[300] = ledger.row(300)
    ledger.agree_with_the_rows()
    assert f"entry 300: {check.ENTRY_UNLIKE_TILE}" in findings(ledger, tiles)


def test_a_changed_tile_is_named() -> None:
    tiles = Stored.of(LEAVES)
    tiles.tiles[0, 7] = bytes(8192)
    found = list(check.tile_findings(tiles, SIZE))
    assert [str(each) for each in found] == [f"entries 1792 to 2047: {check.TILE_CHANGED}"]


def test_a_tile_beyond_the_end_is_named(ledger: Ledger) -> None:
    tiles = tiles_of_rows(ledger)
    tiles.tiles[0, 2] = bytes(8192)
    assert findings(ledger, tiles)[-1] == f"entries 512 to 767: {check.TILE_BEYOND}"
