"""
The collector of traces.

    python -m deploy.telemetry --config etc/telemetry.toml      take spans in
    python -m deploy.telemetry recent --state var               the latest traces
    python -m deploy.telemetry tree TRACE_ID --state var        one trace as a tree
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import structlog

from common.config import ConfigError, load
from deploy.telemetry.config import CollectorSettings
from deploy.telemetry.receiver import Collector
from deploy.telemetry.spans import build, render
from deploy.telemetry.store import SpanStore

log = structlog.get_logger(__name__)

A_DAY = 24 * 3600 * 10**9
"""In nanoseconds, as spans count."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="deploy.telemetry", description=__doc__.split("\n")[1])
    parser.add_argument("--config", type=Path, help="serve with this configuration")
    commands = parser.add_subparsers(dest="command")
    tree = commands.add_parser("tree", help="show one trace as a tree")
    tree.add_argument("trace_id")
    recent = commands.add_parser("recent", help="list the latest traces")
    recent.add_argument("--limit", type=int, default=20)
    for command in (tree, recent):
        command.add_argument("--state", type=Path, default=os.environ.get("SAS_STATE", "var"))
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        if chosen.config is None:
            parser.error("say --config FILE, or a command")
        return serve(chosen.config)
    file = Path(chosen.state) / "telemetry" / "spans.db"
    if not file.exists():
        print(f"{file}: no spans were kept here yet", file=sys.stderr)
        return 1
    store = SpanStore(file)
    if chosen.command == "recent":
        return show_recent(store, chosen.limit)
    return show_tree(store, chosen.trace_id)


def show_tree(store: SpanStore, trace_id: str) -> int:
    """Print one trace."""
    spans = store.trace(trace_id.lower())
    if not spans:
        print("No spans of this trace; they arrive a second after they end.", file=sys.stderr)
        return 1
    print(render(build(spans)))
    return 0


def show_recent(store: SpanStore, limit: int) -> int:
    """Print the latest traces, the newest first."""
    for span in store.latest(limit):
        began = datetime.fromtimestamp(span.started / 1e9).astimezone()
        what = span.attributes.get("sas.route", span.name)
        print(f"{span.trace_id}  {began:%Y-%m-%d %H:%M:%S}  {span.milliseconds:8.1f} ms  {what}")
    return 0


def serve(path: Path) -> int:
    """Take spans in until SIGTERM."""
    try:
        config = load(path, CollectorSettings)
    except ConfigError as error:
        print(f"telemetry: {error}", file=sys.stderr)
        return 2
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    store = SpanStore(config.settings.spans_file)
    collector = Collector(config, store)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serving = threading.Thread(target=collector.serve_forever, daemon=True)
    serving.start()
    threading.Thread(
        target=_forget_now_and_then, args=(config.settings, store), daemon=True
    ).start()
    log.info("telemetry_serving", listen=config.listen)
    ended.wait()
    collector.shutdown()
    collector.server_close()
    store.close()
    log.info("telemetry_stopped")
    return 0


def _forget_now_and_then(settings: CollectorSettings, store: SpanStore) -> None:
    while True:
        gone = store.forget(
            before=time.time_ns() - settings.keep_days * A_DAY,
            keep_bytes=settings.keep_megabytes * 1024 * 1024,
        )
        if gone:
            log.info("telemetry_forgot", spans=gone)
        time.sleep(600)


if __name__ == "__main__":
    sys.exit(main())
