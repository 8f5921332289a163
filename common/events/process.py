"""
A worker process: `python -m services.<service> work`.

Importing this module makes the standard library green, so it must be the first import of `work`,
before anything that keeps a socket, a lock or a thread. No gRPC may be imported in the process: its
own threads and eventlet's hang each other.
"""

# ruff: noqa: E402 - patched first, imported afterwards
from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # Its makers advise against new uses. Ours is small: without nameko and it, this file, the
    # container and one wait of the relay would change, and no handler.
    warnings.simplefilter("ignore")
    import eventlet
    import eventlet.debug

eventlet.monkey_patch()

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from eventlet.timeout import Timeout
from sqlalchemy import Engine

from common.config import Config
from common.db import Database
from common.events.broker import Broker, Publisher
from common.events.consumer import Consumer
from common.events.container import MAX_WORKERS, make_runner
from common.events.handlers import Deps, Handler, Timer
from common.events.receiver import Receiver
from common.events.relay import Relay
from common.events.topology import WAITS_MS, Queue
from common.telemetry import span
from common.vault import Vault

log = structlog.get_logger()

STOP_SECONDS = 7.0
"""How long a stop may take; the supervisor kills after 8. What is in hand, the broker keeps."""


def run_worker(
    config: Config[Any],
    vault: Vault,
    database: Database,
    handlers: Sequence[Handler[Any]],
    timers: Sequence[Timer] = (),
    *,
    waits_ms: tuple[int, ...] = WAITS_MS,
) -> None:
    """
    Relay the outbox, handle events and run timers, until SIGTERM; then drain and come back.

    Args:
        config: Of the process `<service>-work`.
        vault: Signed in; it has the broker's login.
        database: Made with `driver="psycopg2"`.
        handlers: One for each event that this service reads.
        timers: What else is to be done now and then.
        waits_ms: How long an event waits after each failed try.
    """
    if "grpc" in sys.modules:
        raise RuntimeError("gRPC is imported: it and eventlet can't share a process")
    eventlet.debug.hub_exceptions(False)  # it prints them with their text

    broker = Broker.of(config.rabbitmq, vault)
    ready = _Ready(ready_file(config), parts=2 if handlers else 1)
    publisher = Publisher(broker)
    receivers = [
        Receiver(
            handler=handler,
            queue=Queue(config.service, handler.event.DESCRIPTOR.full_name, waits_ms),
            engine=database.engine,
            publisher=publisher,
            config=config,
            vault=vault,
        )
        for handler in handlers
    ]
    runner = make_runner(
        config.service,
        Relay(
            database.engine,
            Publisher(broker),
            waits_ms=waits_ms,
            on_listening=lambda: ready.is_up("relay"),
        ),
        Consumer(
            broker,
            receivers,
            prefetch=MAX_WORKERS,
            on_consuming=lambda: ready.is_up("consumer"),
        )
        if receivers
        else None,
        [(timer.seconds, _turn(timer, config, vault, database.engine)) for timer in timers],
    )
    try:
        _run_until_told(runner)
    finally:
        ready.gone()
    log.info("worker_stopped", process=config.process)


def ready_file(config: Config[Any]) -> Path:
    """Give the file that is there while the worker is ready: `<state>/run/<process>.ready`."""
    return config.vault.wrapped_secret_id_file.parent / f"{config.process}.ready"


class _Ready:
    """Writes the readiness file when all parts have been up once."""

    def __init__(self, path: Path, parts: int) -> None:
        self._path = path
        self._parts = parts
        self._up: set[str] = set()
        path.unlink(missing_ok=True)

    def is_up(self, part: str) -> None:
        self._up.add(part)
        if len(self._up) == self._parts:
            self._path.write_text(f"{os.getpid()}\n")

    def gone(self) -> None:
        self._path.unlink(missing_ok=True)


def _turn(timer: Timer, config: Config[Any], vault: Vault, engine: Engine) -> Callable[[], None]:
    def turn() -> None:
        try:
            with (
                span(f"timer.{timer.name}"),
                engine.connect() as connection,
                connection.begin(),
            ):
                timer.function(Deps(config, vault, connection, engine.begin))
        except Exception as error:
            log.error("timer_failed", timer=timer.name, exc_info=error)

    return turn


def _run_until_told(runner: Any) -> None:
    """Run the container until SIGTERM or SIGINT; raise what ended it otherwise."""
    told = eventlet.event.Event()

    def tell(*_: object) -> None:
        # A signal handler runs in the hub, where nothing may wait.
        eventlet.spawn_n(lambda: None if told.ready() else told.send(None))

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    runner.start()
    died = eventlet.spawn(runner.wait)
    died.link(lambda _thread: tell())
    told.wait()
    try:
        with Timeout(STOP_SECONDS):
            runner.stop()
            died.wait()
    except Timeout:
        log.warning("worker_stopped_in_haste")
