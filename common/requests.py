"""
Repeated calls: a creating call with the same `request_id` (AIP-155) is done once.

Shared because every service that creates something keeps the same table for it, and the gateway
repeats calls whose answer it did not get.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    MetaData,
    Table,
    Text,
    Uuid,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from common.errors import RequestIdReused, TryAgain

KEEP = timedelta(days=1)
"""How long a repeated call is recognised. Not longer: the table says who did what."""


def requests_table(metadata: MetaData) -> Table:
    """Give the table of calls that created something."""
    return Table(
        "requests",
        metadata,
        Column("request_id", Uuid(as_uuid=False), primary_key=True),
        Column("person", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("result", Text, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


_REQUESTS = requests_table(MetaData())


def earlier_result(connection: Connection, request_id: str, person: str, method: str) -> str | None:
    """
    Give the resource name that this call created before, or None if it is new.

    Args:
        connection: the transaction of the call.
        request_id: the call's own name, a UUID.
        person: who calls, as a resource name.
        method: what is called, as `WriteCaseNote`.

    Raises:
        RequestIdReused: Somebody else, or another method, used this id.
    """
    query = select(_REQUESTS).where(_REQUESTS.c.request_id == request_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if (row.person, row.method) != (person, method):
        raise RequestIdReused
    result: str = row.result
    return result


def remember_request(
    connection: Connection, request_id: str, person: str, method: str, result: str
) -> None:
    """
    Keep that this call created *result* (a resource name), in the transaction that does.

    Raises:
        TryAgain: The same call came twice at once and the other was first; its result will be
            found by `earlier_result`.
    """
    row = {"request_id": request_id, "person": person, "method": method, "result": result}
    # With RETURNING, since a row count is not kept by every driver.
    once = insert(_REQUESTS).values(row).on_conflict_do_nothing().returning(_REQUESTS.c.request_id)
    if connection.execute(once).one_or_none() is None:
        raise TryAgain


def forget_requests(connection: Connection) -> None:
    """Forget calls that nobody will repeat any more; for a daily timer in `work`."""
    connection.execute(delete(_REQUESTS).where(_REQUESTS.c.created < func.now() - KEEP))


def create_requests_1(execute: Callable[[str], object], service: str) -> None:
    """
    Make `requests` with its grants: for a service's first migration.

    The number says that this is frozen: a change of the table is a new function, which the
    services call from a new migration.

    Args:
        execute: runs one SQL statement (alembic's `op.execute`).
        service: as in the role names, `cases` for `cases_serve` and `cases_work`.
    """
    execute(
        """
        create table requests (
            request_id uuid primary key,
            person text not null,
            method text not null,
            result text not null,
            created timestamptz not null default now()
        )
        """
    )
    execute(f"grant select, insert on requests to {service}_serve")
    execute(f"grant select, delete on requests to {service}_work")
