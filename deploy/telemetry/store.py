"""
The spans of the last days, in one SQLite file.

A file is enough here: losing it loses no record and no line of the ledger. Whoever wants a larger
tracing system points `[telemetry].url` at it; what the processes send is plain OTLP.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.telemetry.spans import Span

_SCHEMA = """
create table if not exists spans (
    trace_id text not null, span_id text not null, parent_id text not null,
    process text not null, name text not null, kind integer not null,
    started integer not null, ended integer not null, status integer not null,
    attributes text not null, links text not null,
    primary key (trace_id, span_id)
) without rowid;
create index if not exists spans_started on spans (started);
"""

_COLUMNS = (
    "trace_id, span_id, parent_id, process, name, kind, started, ended, status, attributes, links"
)


class SpanStore:
    """Keeps spans and finds them again. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
        self._lock = threading.Lock()
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)

    def add(self, spans: Sequence[Span]) -> None:
        """Keep a batch, in one transaction; a span that came before is not kept twice."""
        rows = [
            (
                *(each.trace_id, each.span_id, each.parent_id, each.process, each.name, each.kind),
                *(each.started, each.ended, each.status),
                json.dumps(each.attributes),
                json.dumps(each.links),
            )
            for each in spans
        ]
        with self._lock, self._connection:
            self._connection.executemany(
                f"insert or ignore into spans ({_COLUMNS}) values ({','.join('?' * 11)})",  # noqa: S608
                rows,
            )

    def trace(self, trace_id: str) -> list[Span]:
        """Give all spans of a trace, in order of beginning."""
        return self._read("where trace_id = ? order by started, span_id", (trace_id,))

    def latest(self, limit: int) -> list[Span]:
        """Give the latest spans that began a trace, the newest first."""
        return self._read("where parent_id = '' order by started desc limit ?", (limit,))

    def forget(self, *, before: int, keep_bytes: int) -> int:
        """
        Forget spans that began *before* (nanoseconds), and the oldest beyond *keep_bytes*.

        Returns:
            How many were forgotten.
        """
        with self._lock, self._connection as sql:
            gone = sql.execute("delete from spans where started < ?", (before,)).rowcount
            while gone_now := self._oldest_tenth() if self._bytes() > keep_bytes else 0:
                gone += gone_now
        return gone

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _read(self, where: str, values: tuple[str | int, ...]) -> list[Span]:
        with self._lock:
            rows = self._connection.execute(
                f"select {_COLUMNS} from spans {where}",  # noqa: S608 (no value is in the text)
                values,
            ).fetchall()
        return [_span(row) for row in rows]

    def _bytes(self) -> int:
        """Count what is in use; pages that became free are used again before the file grows."""
        ask = self._connection.execute
        pages = ask("pragma page_count").fetchone()[0] - ask("pragma freelist_count").fetchone()[0]
        return int(pages * ask("pragma page_size").fetchone()[0])

    def _oldest_tenth(self) -> int:
        return self._connection.execute(
            "delete from spans where started <= (select started from spans order by started"
            " limit 1 offset (select count(*) / 10 from spans))"
        ).rowcount


def _span(row: tuple[Any, ...]) -> Span:
    kept = dict(zip(_COLUMNS.split(", "), row, strict=True))
    kept["attributes"] = json.loads(kept["attributes"])
    kept["links"] = tuple(json.loads(kept["links"]))
    return Span(**kept)
