"""
Reading the queues of a worker, on one connection, for as long as the process lives.

This replaces nameko's and kombu's consumer, in which a dying broker ends the process and a body
that can't be decoded is logged and thrown away. Here a lost connection is opened again within
seconds; what was in hand comes again from the broker, and the inbox makes that harmless.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog

from common.events import topology
from common.events.broker import BROKER_ERRORS, HEARTBEAT_SECONDS, Broker, connect
from common.events.pause import Pause, error_name
from common.events.receiver import Delivery, Receiver

log = structlog.get_logger()

DRAIN_SECONDS = 4.0
"""How long events in hand may take when we stop; then the broker keeps them."""

_TURN_SECONDS = 0.5

Answer = Callable[[bool], None]
"""Takes whether the event may be acknowledged; to be called once for each delivery."""

HandOver = Callable[[Receiver, Delivery, Answer], None]
"""Lets a receiver handle a delivery, now or soon, without waiting for it."""


class Consumer:
    """Takes events from the queues of *receivers* and hands them over."""

    def __init__(
        self,
        broker: Broker,
        receivers: Sequence[Receiver],
        *,
        prefetch: int,
        on_consuming: Callable[[], None],
    ) -> None:
        """
        Args:
            broker: Where the queues are.
            receivers: One for each queue.
            prefetch: How many events of one queue may be in hand at once.
            on_consuming: Called each time the queues are being read.
        """
        self._broker = broker
        self._receivers = receivers
        self._prefetch = prefetch
        self._on_consuming = on_consuming
        self._stopping = False

    def run(self, hand_over: HandOver) -> None:
        """Consume until `stop`; what the broker may do meanwhile never ends it."""
        pause = Pause()
        while not self._stopping:
            try:
                _Session(self._broker, self._receivers, self._prefetch, hand_over).run(
                    self._is_stopping, self._on_consuming
                )
            except BROKER_ERRORS as error:
                log.warning("broker_lost", error=error_name(error))
                pause.rest(self._is_stopping)
            except Exception as error:  # half a frame of a dying broker can raise anything
                log.error("consumer_failed", exc_info=error)
                pause.rest(self._is_stopping)

    def stop(self) -> None:
        """Take nothing more; let what is in hand end, and end."""
        self._stopping = True
        for receiver in self._receivers:
            receiver.stop()

    def _is_stopping(self) -> bool:
        return self._stopping


class _Session:
    """One connection of the consumer."""

    def __init__(
        self, broker: Broker, receivers: Sequence[Receiver], prefetch: int, hand_over: HandOver
    ) -> None:
        self._broker = broker
        self._receivers = receivers
        self._prefetch = prefetch
        self._hand_over = hand_over
        self._in_hand: set[int] = set()
        # A worker answers while the reader may send a heartbeat: never two writers at once.
        self._writing = threading.Lock()

    def run(self, is_stopping: Callable[[], bool], on_consuming: Callable[[], None]) -> None:
        connection = connect(self._broker, HEARTBEAT_SECONDS)
        try:
            channel = connection.channel()
            channel.basic_qos(0, self._prefetch, a_global=False)
            tags = [self._consume(channel, receiver) for receiver in self._receivers]
            log.info("consuming", queues=len(tags))
            on_consuming()
            while not is_stopping():
                self._turn(connection)
            for tag in tags:
                channel.basic_cancel(tag)
            until = time.monotonic() + DRAIN_SECONDS
            while self._in_hand and time.monotonic() < until:
                self._turn(connection)
        finally:
            # Not `close()`, which talks to a broker that may be gone. Unanswered events go back.
            connection.collect()

    def _consume(self, channel: Any, receiver: Receiver) -> str:
        topology.declare(channel, receiver.queue)
        take = partial(self._take, channel, receiver)
        return str(channel.basic_consume(receiver.queue.name, callback=take))

    def _turn(self, connection: Any) -> None:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=_TURN_SECONDS)
        with self._writing:
            connection.heartbeat_tick()

    def _take(self, channel: Any, receiver: Receiver, message: Any) -> None:
        self._in_hand.add(message.delivery_tag)
        answer = partial(self._answer, channel, message.delivery_tag)
        self._hand_over(receiver, Delivery.of(message), answer)

    def _answer(self, channel: Any, delivery_tag: int, done: bool) -> None:
        try:
            with self._writing:
                if done:
                    channel.basic_ack(delivery_tag)
                else:
                    channel.basic_reject(delivery_tag, requeue=True)
        except BROKER_ERRORS as error:
            # The broker delivers it again. Raising here would be told to nobody who can help.
            log.warning("event_not_answered", error=error_name(error))
        finally:
            self._in_hand.discard(delivery_tag)
