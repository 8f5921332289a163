"""
Resource names: `<collection>/<uuid>`, random, because names end up in logs.

A record carries the uuid of the thing it belongs to, so its key can be found from the name alone.
"""

from __future__ import annotations

from uuid import UUID, uuid4


def new_id() -> str:
    """Make a fresh random id (RFC 9562, version 4)."""
    return str(uuid4())


def name_of(collection: str, identifier: str) -> str:
    """Write the name of a thing, such as `notes/<uuid>`."""
    return f"{collection}/{identifier}"


def id_of(name: str, collection: str) -> str | None:
    """
    Read the id from a name; None when it is no name of that collection.

    None is no error: what cannot exist is treated like what does not exist.
    """
    head, _, tail = name.partition("/")
    try:
        identifier = str(UUID(tail))
    except ValueError:
        return None
    return identifier if head == collection and identifier == tail else None


def record_of(identifier: str) -> str:
    """Write the name of a record: it has the uuid of the case, enquiry or breach that it is."""
    return name_of("records", identifier)
