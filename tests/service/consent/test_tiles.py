"""Tiles in the database: written late, read instead of the entries, and never missed."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from sqlalchemy import Connection, event, text

from common.migrate import upgrade
from services.consent.actions import housekeeping
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.proofs import (
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
)
from services.consent.domain.ledger.tiles import Tile, tiles_of
from services.consent.storage.ledger import Ledger
from services.consent.storage.tiles import TilesBroken
from tests.service.consent.house import House

SIZE = 66_000
"""More than 256 tiles, so that there are three levels."""
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE)]
FILL = text(
    "insert into entries select n, convert_to(n::text || '.', 'UTF8'),"
    r" sha256('\x00' || convert_to(n::text, 'UTF8')), gen_random_uuid(), now(),"
    " '', 'allow', '', '', '', '', '', '', '' from generate_series(0, :last) as n"
)


def frontier_of(size: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(leaf)
    return frontier


@pytest.fixture(scope="module")
def long_ledger(sas: House) -> Iterator[Connection]:
    """A ledger of its own, long enough to have three levels of tiles."""
    with sas.another_database() as (engine, _):
        upgrade(engine, "consent_owner", "services.consent.migrations")
        with engine.connect() as connection:
            connection.execute(text("set role consent_owner"))
            connection.execute(FILL, {"last": SIZE - 1})
            whole = frontier_of(SIZE)
            connection.execute(
                text("update frontier set size = :size, peaks = :peaks"),
                {"size": SIZE, "peaks": whole.to_bytes()},
            )
            yield connection


@attrs.define
class Reading:
    """How many rows a connection has read."""

    rows: int = 0

    def count(self, conn: object, cursor: object, *_: object) -> None:
        """Add those of one statement."""
        self.rows += max(getattr(cursor, "rowcount", 0), 0)


def test_proofs_are_the_same_with_and_without_tiles_and_cheaper(long_ledger: Connection) -> None:
    """A proof of an old entry reads a handful of tiles, not all the leaf hashes beside it."""
    ledger, whole = Ledger(long_ledger), frontier_of(SIZE)
    places = (0, 255, 256, 40_000, SIZE - 1)
    without = [inclusion_proof(place, SIZE, ledger.subtree) for place in places]
    while housekeeping.write_tiles(long_ledger):
        pass
    reading = Reading()
    event.listen(long_ledger, "after_cursor_execute", reading.count)
    with_tiles = [inclusion_proof(place, SIZE, ledger.subtree) for place in places]
    event.remove(long_ledger, "after_cursor_execute", reading.count)
    assert with_tiles == without
    assert reading.rows < len(places) * 400  # at most the tail that is no full tile, and tiles
    for place, path in zip(places, with_tiles, strict=True):
        assert includes(LEAVES[place], place, SIZE, path, whole.root)


def test_consistency_with_an_old_checkpoint_is_proven_from_tiles(long_ledger: Connection) -> None:
    while housekeeping.write_tiles(long_ledger):
        pass
    for old in (1, 256, 12_345, SIZE - 1):
        path = consistency_proof(old, SIZE, Ledger(long_ledger).subtree)
        assert consistent(old, frontier_of(old).root, SIZE, frontier_of(SIZE).root, path)


def test_a_tile_is_the_same_file_before_and_after_it_is_written(long_ledger: Connection) -> None:
    """Who exports the ledger does not wait for the worker."""
    tile = Tile(1, 0)
    expected = b"".join(frontier_of_block(number).root for number in range(256))
    assert Ledger(long_ledger).tiles.file(tile) == expected
    long_ledger.execute(text("savepoint before"))
    long_ledger.execute(text("delete from tiles"))
    assert Ledger(long_ledger).tiles.file(tile) == expected
    long_ledger.execute(text("rollback to before"))


def test_every_file_of_the_log_can_be_given(long_ledger: Connection) -> None:
    tiles = Ledger(long_ledger).tiles
    for tile in tiles_of(1000):
        size = len(tiles.file(tile))
        assert size == 32 * tile.width or tile.level < 0
    with pytest.raises(TilesBroken):
        tiles.file(Tile(-1, SIZE))


def test_the_worker_writes_tiles_with_its_own_rights(sas: House) -> None:
    sas.sql_as("consent_work", "insert into tiles select 6, 0, decode(repeat('00', 8192), 'hex')")


def frontier_of_block(number: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[number * 256 : (number + 1) * 256]:
        frontier = frontier.append(leaf)
    return frontier
