"""What may be put into the outbox."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import create_engine

from common import outbox


def test_an_event_that_nobody_reads_is_a_mistake() -> None:
    """It would stay in the outbox for ever."""
    engine = create_engine("postgresql+psycopg://")  # never connected to
    with pytest.raises(TypeError, match="has no reader"):
        outbox.put(engine, Timestamp())  # type: ignore[arg-type]  # not used before the refusal
