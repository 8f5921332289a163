"""
The relay: from the outbox to the broker.

A row is deleted in the transaction that locked it, and only when the broker has confirmed the
message and every reader has its queue. A crash in between sends the event again with the same
id. Several relays may run: each locks rows of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from eventlet.hubs import trampoline
from eventlet.timeout import Timeout
from sqlalchemy import Connection, Engine, MetaData, delete, select, text

from common.events.broker import BROKER_ERRORS, Message, Publisher
from common.events.pause import Pause, error_name, server_is_away
from common.events.topology import WAITS_MS, Queue
from common.outbox import CHANNEL, outbox_table

log = structlog.get_logger()

BATCH = 100
POLL_SECONDS = 1.0
"""How long a row waits at the most when its NOTIFY was missed, as after a crash of the relay."""

CONNECTION_SECONDS = 300.0
"""How long the relay keeps a connection: Vault's database logins end after some time."""

_OUTBOX = outbox_table(MetaData())


class Relay:
    """Empties the outbox of one service, until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        *,
        waits_ms: tuple[int, ...] = WAITS_MS,
        on_listening: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            engine: Of the service's `work` role.
            publisher: Not shared with the receivers, so that a full batch does not hold them up.
            waits_ms: As the readers have them; part of the names of their queues.
            on_listening: Called each time a new row would be noticed.
        """
        self._engine = engine
        self._publisher = publisher
        self._waits_ms = waits_ms
        self._on_listening = on_listening
        self._stopping = False
        self._pause = Pause()

    def run(self) -> None:
        """Relay until `stop`; what database and broker may do meanwhile never ends it."""
        while not self._stopping:
            try:
                self._relay_on_one_connection()
            except Exception as error:  # whatever it was, the rows are still there
                if server_is_away(error) or isinstance(error, BROKER_ERRORS):
                    log.warning("relay_waits", error=error_name(error))
                else:
                    log.error("relay_failed", exc_info=error)
                self._pause.rest(lambda: self._stopping)

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping = True

    def _relay_on_one_connection(self) -> None:
        with self._engine.connect() as connection:
            connection.detach()  # its LISTEN must not go back to the pool
            connection.execute(text(f"LISTEN {CHANNEL}"))
            connection.commit()
            self._on_listening()
            until = time.monotonic() + CONNECTION_SECONDS
            while not self._stopping and time.monotonic() < until:
                found, sent = self.relay_batch(connection)
                self._pause.reset()
                if found < BATCH or sent < found:
                    _wait_for_notify(connection)

    def relay_batch(self, connection: Connection) -> tuple[int, int]:
        """
        Send up to a batch of rows, oldest first, and delete those that the broker confirmed.

        Returns:
            How many rows were found, and how many of them were sent.
        """
        with connection.begin():
            rows = connection.execute(
                select(_OUTBOX)
                .order_by(_OUTBOX.c.position)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            if not rows:
                return 0, 0
            self._publisher.ensure(
                Queue(reader, row.event, self._waits_ms) for row in rows for reader in row.readers
            )
            confirmed = self._publisher.publish(
                [
                    Message(
                        id=str(row.message_id),
                        event=row.event,
                        body=row.body.encode(),
                        routing_key=row.event,
                        headers={"traceparent": row.traceparent},
                    )
                    for row in rows
                ]
            )
            sent = [row.position for row in rows if str(row.message_id) in confirmed]
            connection.execute(delete(_OUTBOX).where(_OUTBOX.c.position.in_(sent)))
        if len(sent) < len(rows):
            log.warning("relay_refused", refused=len(rows) - len(sent))
        return len(rows), len(sent)


def _wait_for_notify(connection: Connection) -> None:
    """Wait until the database has something to say, or a second. What it says does not matter."""
    driver: Any = connection.connection.dbapi_connection
    if not driver.notifies:  # else one came with the answer to the last statement
        try:
            trampoline(driver.fileno(), read=True, timeout=POLL_SECONDS, timeout_exc=Timeout)
        except Timeout:
            return
        driver.poll()
    driver.notifies.clear()
