"""
The whole ledger as static files, as C2SP tlog-tiles names them: checkpoint, tiles, entry bundles.

Other people's tools read a log in this form from a web server or a disk, and need nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.tiles import WIDTH, Tile, bundle, root_of, tiles_of


def files_of(checkpoint: str, entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """
    Give each file's path and content.

    Args:
        checkpoint: the signed note over exactly these entries.
        entries: all of them, in order.
    """
    yield "checkpoint", checkpoint.encode()
    levels = [[leaf_hash(entry) for entry in entries]]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        full = range(0, len(below) - len(below) % WIDTH, WIDTH)
        levels.append([root_of(below[at : at + WIDTH]) for at in full])
    for tile in tiles_of(len(entries)):
        yield tile.path, _content(tile, entries, levels)


def _content(tile: Tile, entries: Sequence[bytes], levels: Sequence[Sequence[bytes]]) -> bytes:
    start = tile.number * WIDTH
    if tile.level < 0:
        return bundle(entries[start : start + tile.width])
    return b"".join(levels[tile.level][start : start + tile.width])
