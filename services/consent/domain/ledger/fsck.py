"""
The check of a whole ledger: what is wrong with it, and at which places.

A pure function over what a copy of the database holds. It finds an entry that was changed, taken
out, put in or moved, a ledger cut below a checkpoint or rolled back, and a row whose columns for
look-up (who may see this line in their list) no longer say what the entry says.

What it can't find alone: a whole ledger rewritten by whoever holds both the database and the
signing key. For that, give it a checkpoint or receipt kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs

from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.entry import EntryBroken, parse, salted
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.hashing import HASH_SIZE, leaf_hash
from services.consent.domain.ledger.note import NoteBroken, VerifierKey
from services.consent.domain.ledger.tiles import WIDTH, Tile, root_of, split


@attrs.frozen
class Row:
    """One row of the ledger's table."""

    index: int
    entry: bytes
    leaf_hash: bytes
    columns: Mapping[str, str] | None = None
    """The columns for look-up beside the entry; None to leave them unchecked."""


@attrs.frozen
class Finding:
    """One thing that is wrong, where, and how: a constant code."""

    index: int | None
    """The place, or None when it concerns no single entry."""
    wrong: str
    until: int | None = None
    """With *index*: somewhere from there up to, not with, this place."""

    def __str__(self) -> str:
        if self.index is None:
            return self.wrong
        if self.until is not None and self.until > self.index + 1:
            return f"entries {self.index} to {self.until - 1}: {self.wrong}"
        return f"entry {self.index}: {self.wrong}"


class StoredTiles(Protocol):
    """The tiles that are stored, of which a log may have fewer than it could."""

    def stored(self, level: int, number: int) -> bytes | None:
        """Give a tile."""

    def places(self) -> Iterable[Tile]:
        """Give the place of each, the lowest level first."""


ENTRY_CHANGED = "entry_does_not_match_its_leaf_hash"
ENTRY_MISSING = "entry_is_missing"
ENTRY_MOVED = "entry_was_committed_at_another_place"
ENTRY_NOT_CANONICAL = "entry_is_not_canonical_json"
ENTRY_TWICE = "entry_stands_twice_or_out_of_order"
ENTRY_UNLIKE_TILE = "entry_does_not_match_its_tile"
TILE_CHANGED = "tile_does_not_match_those_below_it"
TILE_BEYOND = "tile_was_put_in_beyond_the_frontier"
COLUMNS_CHANGED = "columns_do_not_match_the_entry"
BEYOND_FRONTIER = "entry_was_put_in_beyond_the_frontier"
FRONTIER_BROKEN = "frontier_does_not_match_the_entries"
FRONTIER_BEHIND = "frontier_is_smaller_than_a_checkpoint"
CHECKPOINT_NOT_OURS = "checkpoint_is_not_signed_by_this_ledger"
CUT = "ledger_was_cut_below_a_checkpoint"
REWRITTEN = "entries_do_not_lead_to_the_checkpoint"


def fsck(
    rows: Iterable[Row],
    frontier: Frontier,
    checkpoints: Sequence[str],
    key: VerifierKey,
    tiles: StoredTiles | None = None,
) -> Iterator[Finding]:
    """
    Check a whole ledger and give everything that is wrong with it, in order of place.

    Args:
        rows: in order of their index; read once, never held.
        frontier: as stored.
        checkpoints: the signed notes, stored here or kept elsewhere, in any order.
        key: the ledger's verifier key, from somewhere that is not this database.
        tiles: as stored; they name an entry that was changed together with its leaf hash.
    """
    wanted: dict[int, set[bytes]] = {}
    for note in checkpoints:
        try:
            checkpoint = Checkpoint.open(note, key)
        except NoteBroken:
            yield Finding(None, CHECKPOINT_NOT_OURS)
            continue
        wanted.setdefault(checkpoint.size, set()).add(checkpoint.root)

    tree, agreed, place = Frontier(), 0, 0
    followed = True  # whether every leaf so far is there, so that roots can still be compared
    for row in rows:
        if row.index < place:
            yield Finding(row.index, ENTRY_TWICE)
            continue
        if row.index > place:
            yield _missing(place, row.index)
            followed = False
        yield from _look_at(row)
        if tiles is not None and _unlike_tile(row, tiles):
            yield Finding(row.index, ENTRY_UNLIKE_TILE)
        if row.index >= frontier.size:
            yield Finding(row.index, BEYOND_FRONTIER)
        place = row.index + 1
        if not followed:
            continue
        # The stored leaf hash, not one made from the entry: then a change of the entry alone is
        # named by its place only, and everything after it can still be judged.
        tree = tree.append(row.leaf_hash)
        for root in wanted.get(tree.size, ()):
            if root == tree.root:
                agreed = tree.size
            else:
                yield Finding(agreed, REWRITTEN, until=tree.size)
                # Every later root differs because of this one.
                followed = False
                break

    if tiles is not None:
        yield from tile_findings(tiles, frontier.size)
    if place < frontier.size:
        yield _missing(place, frontier.size)
    elif followed and tree.size == frontier.size and tree.root != frontier.root:
        yield Finding(agreed, FRONTIER_BROKEN, until=tree.size)
    largest = max(wanted, default=0)
    if largest > frontier.size:
        yield Finding(None, FRONTIER_BEHIND)
    if largest > place:
        yield Finding(place, CUT, until=largest)


def _missing(start: int, end: int) -> Finding:
    return Finding(start, ENTRY_MISSING, until=end)


def _look_at(row: Row) -> Iterator[Finding]:
    if leaf_hash(row.entry) != row.leaf_hash:
        yield Finding(row.index, ENTRY_CHANGED)
        return
    try:
        fields = parse(row.entry)
    except EntryBroken:
        yield Finding(row.index, ENTRY_NOT_CANONICAL)
        return
    if fields.get("index") != row.index:
        yield Finding(row.index, ENTRY_MOVED)
    if row.columns is not None and not _agree(row.columns, fields):
        yield Finding(row.index, COLUMNS_CHANGED)


def _unlike_tile(row: Row, tiles: StoredTiles) -> bool:
    number, place = divmod(row.index, WIDTH)
    tile = tiles.stored(0, number)
    at = place * HASH_SIZE
    return tile is not None and tile[at : at + HASH_SIZE] != row.leaf_hash


def tile_findings(tiles: StoredTiles, size: int) -> Iterator[Finding]:
    """Check each tile against those below it; the lowest are checked entry by entry."""
    for tile in tiles.places():
        if tile.entries.stop > size:
            yield Finding(tile.entries.start, TILE_BEYOND, until=tile.entries.stop)
        elif tile.level > 0:
            hashes = split(tiles.stored(tile.level, tile.number) or b"")
            for number, expected in enumerate(hashes, start=tile.number * WIDTH):
                below = tiles.stored(tile.level - 1, number)
                if below is None or root_of(split(below)) != expected:
                    entries = Tile(tile.level - 1, number).entries
                    yield Finding(entries.start, TILE_CHANGED, until=entries.stop)


def _agree(columns: Mapping[str, str], fields: Mapping[str, Any]) -> bool:
    for name, value in columns.items():
        if name == "student":
            if salted(str(fields.get("nonce", "")), value) != fields.get("subject"):
                return False
        elif fields.get(name) != value:
            return False
    return True
