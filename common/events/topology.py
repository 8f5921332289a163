"""
The exchange and the queues, and how they are called.

Arguments of a queue can't be changed once it exists, so what may change is in its name: another
waiting time makes another queue.
"""

from __future__ import annotations

from typing import Any

import attrs

EXCHANGE = "events"
"""Topic, durable; the routing key is the full name of the event."""

WAITS_MS = (1_000, 5_000, 30_000)
"""How long an event waits after each failed try; after the try behind the last one it is parked."""

_QUORUM: dict[str, Any] = {
    "x-queue-type": "quorum",
    # RabbitMQ 4 throws a message away after 20 deliveries unless told otherwise. Deliveries
    # are no measure of anything here: a restart of a worker is one too.
    "x-delivery-limit": 1_000_000,
}


def short_name(event: str) -> str:
    """Give `CaseFactsRecorded` for `sas.cases.v1.CaseFactsRecorded`."""
    return event.rsplit(".", 1)[-1]


@attrs.frozen
class Queue:
    """The queue of one event for one reading service, with its wait queues and its parking."""

    service: str
    event: str
    """The full name of the event."""
    waits_ms: tuple[int, ...] = WAITS_MS

    @property
    def name(self) -> str:
        """The queue that the worker reads."""
        return f"{self.service}.{short_name(self.event)}"

    def wait(self, tries: int) -> str | None:
        """Give the queue to wait in after *tries* failed tries; None when it is to be parked."""
        if tries > len(self.waits_ms):
            return None
        return f"{self.name}.wait.{self.waits_ms[tries - 1]}"

    @property
    def parking(self) -> str:
        """The queue of what keeps failing. Nobody reads it but an operator's command."""
        return parking_of(self.name)


def parking_of(queue: str) -> str:
    """Give the name of the parking of a queue."""
    return f"{queue}.dead"


def declare(channel: Any, queue: Queue) -> None:
    """
    Make sure that *queue* and all that belongs to it is there (*channel*: py-amqp's).

    Relay and reader both do this, so that an event is kept for a reader that never ran yet.
    """
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
    _declare_queue(channel, queue.parking, _QUORUM)
    for wait_ms in dict.fromkeys(queue.waits_ms):
        arguments = _QUORUM | {
            "x-message-ttl": wait_ms,
            # Back through the default exchange to this one reader, not again to all of them.
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": queue.name,
            # Without the next two a message on its way back is lost when the broker dies.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        _declare_queue(channel, f"{queue.name}.wait.{wait_ms}", arguments)
    _declare_queue(channel, queue.name, _QUORUM)
    channel.queue_bind(queue.name, EXCHANGE, routing_key=queue.event)


def _declare_queue(channel: Any, name: str, arguments: dict[str, Any]) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
