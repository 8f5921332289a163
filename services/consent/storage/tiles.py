"""
The ledger's tiles in PostgreSQL.

`consent-work` writes them some time after their entries, full ones only. Whatever is not written
yet is worked out from the entries, so nothing waits for it, and nothing is lost with a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
from sqlalchemy import Column, Connection, func, insert, select

from services.consent.domain.ledger.tiles import HEIGHT, WIDTH, Tile, bundle, root_of, split
from services.consent.storage.tables import entries, tiles


class TilesBroken(RuntimeError):
    """Entries that the ledger must hold are not there: run fsck."""


@attrs.frozen
class Tiles:
    """The tiles; each is read once, so make a new one for each transaction."""

    connection: Connection
    _read: dict[tuple[int, int], bytes | None] = attrs.field(factory=dict, repr=False)

    def stored(self, level: int, number: int) -> bytes | None:
        """Give a full tile as it is stored, or None if it is not written yet."""
        place = level, number
        if place not in self._read:
            query = select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.number == number)
            found = self.connection.scalar(query)
            self._read[place] = None if found is None else bytes(found)
        return self._read[place]

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """
        Give hashes that lie in one tile, from it or from what is below it.

        Raises:
            TilesBroken: there are not as many entries.
        """
        number, place = divmod(first, WIDTH)
        stored = self.stored(level, number)
        if stored is not None:
            return split(stored)[place : place + count]
        if level == 0:
            return self._leaves(first, count)
        return [
            root_of(self.hashes(level - 1, each * WIDTH, WIDTH))
            for each in range(first, first + count)
        ]

    def file(self, tile: Tile) -> bytes:
        """
        Give a tile or a bundle of entries as tlog-tiles serves it.

        Raises:
            TilesBroken: there are not as many entries.
        """
        first = tile.number * WIDTH
        if tile.level >= 0:
            return b"".join(self.hashes(tile.level, first, tile.width))
        return bundle(self._column(entries.c.entry, first, tile.width))

    def write(self, size: int, at_most: int) -> int:
        """Write tiles that a ledger of *size* entries has full, and say how many."""
        written = 0
        for level in range((size.bit_length() + HEIGHT - 1) // HEIGHT):
            begin = self._count(level)
            full = size >> HEIGHT * (level + 1)
            for number in range(begin, min(full, begin + at_most - written)):
                hashes = self.file(Tile(level, number))
                row = {"level": level, "number": number, "hashes": hashes}
                self.connection.execute(insert(tiles).values(row))
                self._read[level, number] = hashes
                written += 1
        return written

    def places(self) -> Iterator[Tile]:
        """Give the place of every stored tile, the lowest level first."""
        query = select(tiles.c.level, tiles.c.number).order_by(tiles.c.level, tiles.c.number)
        return (Tile(row.level, row.number) for row in self.connection.execute(query))

    def _count(self, level: int) -> int:
        last = select(func.max(tiles.c.number)).where(tiles.c.level == level)
        found: int | None = self.connection.scalar(last)
        return 0 if found is None else found + 1

    def _leaves(self, first: int, count: int) -> Sequence[bytes]:
        return self._column(entries.c.leaf_hash, first, count)

    def _column(self, column: Column[bytes], first: int, count: int) -> Sequence[bytes]:
        query = (
            select(column)
            .where(entries.c.idx >= first, entries.c.idx < first + count)
            .order_by(entries.c.idx)
        )
        found = [bytes(value) for value in self.connection.scalars(query)]
        if len(found) != count:
            raise TilesBroken(f"there are not {count} entries from {first} on")
        return found
