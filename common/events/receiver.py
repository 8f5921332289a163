"""
What becomes of one delivered event.

    handled (or handled before)        -> acknowledged
    a server is away                   -> we wait with the event in hand; no try is counted
    the handler fails                  -> a wait queue, each longer; then parked
    not an event, or not this one      -> parked

The event is acknowledged only when its effect is committed or the next queue has confirmed it.
Nothing of a body is logged, and of an exception only its class and place (`common/logs.py`): its
text could hold somebody's words.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import attrs
import structlog
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message as Event
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.dialects.postgresql import insert

from common.config import Config
from common.events.broker import BROKER_ERRORS, Message, NotConfirmed, Publisher
from common.events.handlers import Deps, Handler
from common.events.pause import Pause, error_name, server_is_away
from common.events.topology import Queue, short_name
from common.outbox import inbox_table
from common.telemetry import SpanKind, from_traceparent, span
from common.vault import Vault

log = structlog.get_logger()

TRIES = "x-sas-tries"
"""Header: how often a handler has failed on this event."""

BECAUSE = "x-sas-because"
"""Header of a parked event: a code, or the class of the last error."""

_INBOX = inbox_table(MetaData())


@attrs.frozen
class Delivery:
    """One message as it came from the broker."""

    body: bytes = attrs.field(repr=False)
    message_id: str
    event: str
    """The full name of the event, as the message says."""
    headers: dict[str, Any]

    @classmethod
    def of(cls, message: Any) -> Delivery:
        """Give what py-amqp's *message* says."""
        body = message.body  # decoded already if the sender named an encoding
        return cls(
            body=body.encode() if isinstance(body, str) else bytes(body),
            message_id=message.properties.get("message_id", ""),
            event=message.properties.get("type", ""),
            headers=message.properties.get("application_headers", {}),
        )

    @property
    def tries(self) -> int:
        """How often a handler has failed on it."""
        tries = self.headers.get(TRIES, 0)
        return tries if isinstance(tries, int) else 0

    @property
    def traceparent(self) -> str:
        """The span that caused it."""
        header = self.headers.get("traceparent")
        return header if isinstance(header, str) else ""


class NotUnderstood(Exception):
    """The message is not the event of its queue."""


class Receiver:
    """Handles the deliveries of one queue."""

    def __init__(
        self,
        handler: Handler[Any],
        queue: Queue,
        engine: Engine,
        publisher: Publisher,
        config: Config[Any],
        vault: Vault,
    ) -> None:
        self.queue = queue
        self._handler = handler
        self._engine = engine
        self._publisher = publisher
        self._config = config
        self._vault = vault
        self._stopping = False

    def stop(self) -> None:
        """Give up waiting for servers; what is in hand stays with the broker."""
        self._stopping = True

    def receive(self, delivery: Delivery) -> bool:
        """
        Handle *delivery*, now or, as the queues have it, later.

        Returns:
            Whether it may be acknowledged. If not, the broker keeps it and delivers it again.
        """
        try:
            message_id, event = self._understand(delivery)
        except NotUnderstood:
            return self._send_on(delivery, self.queue.parking, delivery.tries, "not_understood")
        pause = Pause()
        while True:
            try:
                self._handle_once(delivery, message_id, event)
            except Exception as error:
                if not server_is_away(error):
                    return self._failed(delivery, error)
                log.warning("event_waits", queue=self.queue.name, error=error_name(error))
                pause.rest(self._is_stopping)
                if self._stopping:
                    return False
            else:
                return True

    def _understand(self, delivery: Delivery) -> tuple[uuid.UUID, Event]:
        event = self._handler.event()
        try:
            message_id = uuid.UUID(delivery.message_id)
            fields = json.loads(delivery.body)
            ParseDict(fields, event, ignore_unknown_fields=True)
        except Exception:  # not only ParseError and ValueError: JSON can be of many shapes
            raise NotUnderstood from None
        if not isinstance(fields, dict) or delivery.event != self.queue.event:
            raise NotUnderstood
        return message_id, event

    def _handle_once(self, delivery: Delivery, message_id: uuid.UUID, event: Event) -> None:
        with (
            from_traceparent(delivery.traceparent),
            span(
                f"event {short_name(self.queue.event)}",
                SpanKind.CONSUMER,
                **{"sas.event": self.queue.event, "messaging.destination": self.queue.name},
            ),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            if _is_new(connection, message_id, self.queue.event):
                deps = Deps(self._config, self._vault, connection, self._engine.begin)
                self._handler.function(deps, event)

    def _failed(self, delivery: Delivery, error: Exception) -> bool:
        tries = delivery.tries + 1
        wait = self.queue.wait(tries)
        log.error(
            "event_failed" if wait else "event_parked",
            queue=self.queue.name,
            message_id=delivery.message_id,
            tries=tries,
            exc_info=error,
        )
        return self._send_on(delivery, wait or self.queue.parking, tries, error_name(error))

    def _send_on(self, delivery: Delivery, queue: str, tries: int, because: str) -> bool:
        """Put *delivery* into another queue, for as long as it takes; False if we stop first."""
        message = Message(
            id=delivery.message_id,
            event=delivery.event,
            body=delivery.body,
            exchange="",
            routing_key=queue,
            headers={"traceparent": delivery.traceparent, TRIES: tries, BECAUSE: because},
        )
        pause = Pause()
        while True:
            try:
                self._publisher.ensure([self.queue])
                self._publisher.publish_one(message)
            except (NotConfirmed, *BROKER_ERRORS) as error:
                log.warning("event_not_sent_on", queue=queue, error=error_name(error))
                pause.rest(self._is_stopping)
                if self._stopping:
                    return False
            else:
                return True

    def _is_stopping(self) -> bool:
        return self._stopping


def _is_new(connection: Connection, message_id: uuid.UUID, event: str) -> bool:
    """Write the id into the inbox; False if it is there, so that the effect is there too."""
    written = connection.execute(
        insert(_INBOX)
        .values(message_id=message_id, event=event)
        .on_conflict_do_nothing(index_elements=["message_id"])
    )
    return written.rowcount == 1
