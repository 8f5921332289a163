"""
Events leave by the outbox, and come in by the inbox.

An event is a row in the transaction of its cause: it exists if and only if the change does
(the "transactional outbox"). The worker of the same service sends the rows to RabbitMQ and
deletes each once the broker has confirmed it, so an event can arrive twice, never not at all.
Its reader writes the event's id into its inbox in the transaction of the effect, so twice does
no harm.

Shared, because all four services send or read events. Works with psycopg 3 (`serve`) and with
psycopg2 (`work`). What the worker does with the tables is in `common/events`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from sas.common.v1 import event_pb2
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    insert,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from common.telemetry import traceparent

CHANNEL = "outbox"
"""The PostgreSQL channel that wakes the relay; a channel belongs to one database."""


def outbox_table(metadata: MetaData) -> Table:
    """Give the table of events that have happened and are not yet confirmed by the broker."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("message_id", Uuid, nullable=False, unique=True),
        Column("event", Text, nullable=False),
        Column("readers", ARRAY(Text), nullable=False),
        Column("body", Text, nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def inbox_table(metadata: MetaData) -> Table:
    """Give the table of the ids of the events whose effect is in this database."""
    return Table(
        "inbox",
        metadata,
        Column("message_id", Uuid, primary_key=True),
        Column("event", Text, nullable=False),
        Column("handled", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


_OUTBOX = outbox_table(MetaData())


def readers_of(event: type[Message] | Message) -> tuple[str, ...]:
    """Give the services that read this event, as its proto says (`sas.common.v1.event`)."""
    options = event.DESCRIPTOR.GetOptions()
    return tuple(options.Extensions[event_pb2.event].readers)


def put(connection: Connection, event: Message) -> uuid.UUID:
    """
    Let *event* happen with the transaction of *connection*; the relay is woken by its commit.

    The event keeps the `traceparent` of the current span, so that what it causes is seen in the
    trace of its cause.

    Returns:
        The id of the event, the same at each delivery.

    Raises:
        TypeError: nobody reads such an event, so it would never leave.
    """
    readers = readers_of(event)
    if not readers:
        raise TypeError(
            f"{event.DESCRIPTOR.full_name} has no reader: see sas/common/v1/event.proto"
        )
    message_id = uuid.uuid4()
    connection.execute(
        # Inline: asking for the new position back would need `select`, which `serve` does not have.
        insert(_OUTBOX)
        .inline()
        .values(
            message_id=message_id,
            event=event.DESCRIPTOR.full_name,
            readers=list(readers),
            body=MessageToJson(event, indent=None, preserving_proto_field_name=True),
            traceparent=traceparent(),
        )
    )
    connection.execute(text(f"NOTIFY {CHANNEL}"))
    return message_id


def create_tables_1(execute: Callable[[str], object], service: str) -> None:
    """
    Make `outbox` and `inbox` with their grants: for a service's first migration.

    The number says that this is frozen: a change of the tables is a new function, which the
    services call from a new migration. `serve` can only add to the outbox; the relay in `work`
    locks and deletes (a lock needs `update`). Nobody can make the inbox forget.

    Args:
        execute: Runs one SQL statement (alembic's `op.execute`).
        service: As in the role names, `cases` for `cases_serve` and `cases_work`.
    """
    execute(
        """
        create table outbox (
            position bigint generated always as identity primary key,
            message_id uuid not null unique,
            event text not null,
            readers text[] not null,
            body text not null,
            traceparent text not null,
            created timestamptz not null default now()
        )
        """
    )
    execute(
        """
        create table inbox (
            message_id uuid primary key,
            event text not null,
            handled timestamptz not null default now()
        )
        """
    )
    execute(f"grant insert on outbox to {service}_serve")
    execute(f"grant select, insert, update, delete on outbox to {service}_work")
    execute(f"grant select, insert on inbox to {service}_work")
