"""
What keeps failing is parked; this shows operators what is there, and sends it on its way again.

Ids, names of events and tries only: what an event says is not shown. An event that is sent again
keeps its id, so if its effect is there after all, nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from common.events import topology
from common.events.broker import Broker, Message, Publisher, connect
from common.events.receiver import BECAUSE, Delivery
from common.events.topology import Queue


@attrs.frozen
class Parked:
    """One parked event."""

    queue: str
    message_id: str
    event: str
    tries: int
    because: str
    """The class of the last error, or `not_understood`."""


def parked(broker: Broker, queues: Iterable[Queue]) -> list[Parked]:
    """List what is parked of *queues*, oldest first; nothing is taken away."""
    found = []
    with _channel(broker) as channel:
        for queue in queues:
            # Unanswered messages go back to where they were when the connection ends.
            found += [_describe(queue, Delivery.of(m)) for m in _get_all(channel, queue)]
    return found


def retry(broker: Broker, queues: Iterable[Queue]) -> int:
    """
    Send everything parked of *queues* to its reader again, with all its tries.

    Returns:
        How many events were sent.

    Raises:
        OSError, AMQPError, NotConfirmed: The broker was lost. What is not sent is still parked;
            the one in hand may be both, which does no harm.
    """
    sent = 0
    publisher = Publisher(broker)
    try:
        with _channel(broker) as channel:
            for queue in queues:
                for message in _get_all(channel, queue):
                    publisher.publish_one(_again(queue, Delivery.of(message)))
                    channel.basic_ack(message.delivery_tag)
                    sent += 1
    finally:
        publisher.close()
    return sent


@contextmanager
def _channel(broker: Broker) -> Iterator[Any]:
    connection = connect(broker)
    try:
        yield connection.channel()
    finally:
        connection.close()


def _get_all(channel: Any, queue: Queue) -> Iterator[Any]:
    """Take what is parked of *queue* now, each once."""
    topology.declare(channel, queue)
    _, count, _ = channel.queue_declare(queue.parking, passive=True)
    for _ in range(count):
        message = channel.basic_get(queue.parking)
        if message is None:
            return
        yield message


def _describe(queue: Queue, delivery: Delivery) -> Parked:
    return Parked(
        queue=queue.name,
        message_id=delivery.message_id,
        event=delivery.event,
        tries=delivery.tries,
        because=str(delivery.headers.get(BECAUSE, "")),
    )


def _again(queue: Queue, delivery: Delivery) -> Message:
    return Message(
        id=delivery.message_id,
        event=delivery.event,
        body=delivery.body,
        exchange="",
        routing_key=queue.name,
        headers={"traceparent": delivery.traceparent},
    )
