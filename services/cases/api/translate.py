"""Small translations that several servicers need."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from services.cases.domain.names import name_of


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment as protos do."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def name_or_empty(collection: str, identifier: str | None) -> str:
    """Write a name, or nothing for what is not there."""
    return name_of(collection, identifier) if identifier else ""
