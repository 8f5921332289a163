"""One log file for each process, cut off when it grows too long."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

LARGEST = 5 * 1024 * 1024
"""Bytes of one file; with the one before it a process keeps at most twice as much."""


class Log:
    """Appends what a process writes to `<name>.log`; the previous file is `<name>.log.1`."""

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self.path = path
        self.largest = largest
        self.file = path.open("ab", buffering=0)

    def append(self, chunk: bytes) -> None:
        """Append *chunk*, in a new file if this one is full."""
        if self.file.tell() + len(chunk) > self.largest:
            self.file.close()
            self.path.replace(self.path.with_name(self.path.name + ".1"))
            self.file = self.path.open("ab", buffering=0)
        self.file.write(chunk)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last *count* lines of the log in *path*; none if there is no such file."""
    if not path.exists():
        return []
    with path.open(errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, maxlen=count)]


def follow(paths: dict[str, Path], pause: float = 0.2) -> Iterator[tuple[str, str]]:
    """Yield (name, line) for whatever is appended to any of *paths* from now on, for ever."""
    places = {name: path.stat().st_size if path.exists() else 0 for name, path in paths.items()}
    while True:
        for name, path in paths.items():
            size = path.stat().st_size if path.exists() else 0
            if size < places[name]:
                places[name] = 0
            if size == places[name]:
                continue
            with path.open("rb") as file:
                file.seek(places[name])
                chunk = file.read()
            whole, newline, _ = chunk.rpartition(b"\n")
            places[name] += len(whole) + len(newline)
            for line in whole.decode(errors="replace").splitlines():
                yield name, line
        time.sleep(pause)
