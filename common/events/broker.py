"""
Publishing to RabbitMQ so that afterwards it is known what the broker has.

Confirms are pipelined: a batch is written, then all answers are awaited. That is 1.7 times the
rate of a confirm for each message, at half the CPU. Messages are published `mandatory`: the
broker gives back what no queue takes.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import amqp
import attrs
from amqp.exceptions import AMQPError

from common.config import RabbitmqSettings
from common.events import topology

CONFIRM_SECONDS = 5.0
"""
How long a batch may take to be confirmed; longer means that the connection is dead. Less than the
time that the database lets a transaction idle, because the relay waits for it within one.
"""

CONNECT_SECONDS = 3.0

HEARTBEAT_SECONDS = 10
"""For connections that consume; a publisher finds out when it publishes."""

BROKER_ERRORS = (OSError, AMQPError)
"""What a lost broker raises. Also within `ack` and `reject`, as BrokenPipeError and the like."""


class GivesSecrets(Protocol):
    """Who has the login: Vault."""

    def secret(self, path: str) -> dict[str, str]:
        """Give the fields of a secret."""


@attrs.frozen
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    vhost: str
    username: str
    password: str = attrs.field(repr=False)
    ca_file: Path | None = None
    """Trusted for TLS; without it the connection is in clear, as on the loopback of one machine."""

    @classmethod
    def of(cls, settings: RabbitmqSettings, vault: GivesSecrets) -> Broker:
        """Give the broker of *settings*, with the login that Vault holds for this process."""
        login = vault.secret(settings.secret)
        return cls(
            host=settings.host,
            port=settings.port,
            vhost=settings.vhost,
            username=login["username"],
            password=login["password"],
            ca_file=settings.ca_file,
        )


@attrs.frozen
class Message:
    """One message to be published; the body is the event in JSON."""

    id: str
    event: str
    """The full name of the event."""
    body: bytes = attrs.field(repr=False)
    exchange: str = topology.EXCHANGE
    routing_key: str = ""
    headers: dict[str, Any] = attrs.field(factory=dict)


class NotConfirmed(Exception):
    """The broker answered that it does not have the message."""


def connect(broker: Broker, heartbeat: int = 0) -> Any:
    """Open a py-amqp connection; *heartbeat* in seconds, or none."""
    tls = {
        "ca_certs": str(broker.ca_file),
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": broker.host,
    }
    connection = amqp.Connection(
        host=f"{broker.host}:{broker.port}",
        userid=broker.username,
        password=broker.password,
        virtual_host=broker.vhost,
        ssl=tls if broker.ca_file else False,
        heartbeat=heartbeat,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=CONFIRM_SECONDS,
        write_timeout=CONFIRM_SECONDS,
    )
    connection.connect()
    return connection


class Publisher:
    """
    Publishes with confirms on one connection, which it opens again after a loss.

    Safe to share between green threads: one batch at a time.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._connection: Any = None
        self._channel: Any = None
        self._sent = 0
        self._open: dict[int, str] = {}
        self._confirmed: set[str] = set()
        self._returned: set[str] = set()
        self._declared: set[topology.Queue] = set()
        self._one_at_a_time = threading.Lock()

    def ensure(self, queues: Iterable[topology.Queue]) -> None:
        """Make sure that *queues* exist; asks the broker once for each connection."""
        with self._one_at_a_time, self._connected() as channel:
            for queue in queues:
                if queue not in self._declared:
                    topology.declare(channel, queue)
                    self._declared.add(queue)

    def publish(self, messages: Sequence[Message]) -> set[str]:
        """
        Publish *messages* and wait until the broker has answered for each.

        Returns:
            The ids of the messages that are in a queue, on disk. The others may be or not.

        Raises:
            OSError, AMQPError: the broker is lost; any message may be in a queue or not.
        """
        with self._one_at_a_time, self._connected() as channel:
            self._confirmed.clear()
            self._returned.clear()
            for message in messages:
                self._sent += 1
                self._open[self._sent] = message.id
                channel.basic_publish(
                    _to_amqp(message),
                    exchange=message.exchange,
                    routing_key=message.routing_key,
                    mandatory=True,
                )
            until = time.monotonic() + CONFIRM_SECONDS
            while self._open:
                self._connection.drain_events(timeout=max(until - time.monotonic(), 0.001))
            # What no queue takes is given back first, and then confirmed all the same.
            return self._confirmed - self._returned

    def publish_one(self, message: Message) -> None:
        """Publish one message, or raise: NotConfirmed, OSError or AMQPError."""
        if message.id not in self.publish([message]):
            raise NotConfirmed

    def close(self) -> None:
        """End the connection."""
        self._forget()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give the channel; after any error the next use has a new connection."""
        try:
            yield self._ready()
        except BaseException:
            self._forget()
            raise

    def _ready(self) -> Any:
        if self._channel is None:
            self._connection = connect(self._broker)
            channel = self._connection.channel()
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            channel.events["basic_return"].add(self._on_return)
            self._channel = channel
        return self._channel

    def _forget(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        self._sent = 0
        self._open.clear()
        self._declared.clear()
        if connection is not None:
            try:
                connection.collect()
            except BROKER_ERRORS:
                return

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        self._confirmed.update(self._settle(delivery_tag, multiple))

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._settle(delivery_tag, multiple)

    def _settle(self, delivery_tag: int, multiple: bool) -> list[str]:
        tags = [tag for tag in self._open if tag <= delivery_tag] if multiple else [delivery_tag]
        return [self._open.pop(tag) for tag in tags if tag in self._open]

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:
        self._returned.add(message.properties["message_id"])


def _to_amqp(message: Message) -> Any:
    return amqp.Message(
        message.body,
        content_type="application/json",
        delivery_mode=2,
        message_id=message.id,
        type=message.event,
        application_headers=message.headers,
    )
