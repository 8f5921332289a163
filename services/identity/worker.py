"""The other process of identity: it sends the events from the outbox, and forgets in time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from common.events.handlers import Deps, Handler, Timer, every
from services.identity.actions import housekeeping

HANDLERS: list[Handler[Any]] = []
"""Identity reads no events."""


@every(seconds=60)
def forget(deps: Deps) -> None:
    """Forget what is over."""
    housekeeping.forget(deps.connection, datetime.now(UTC))


TIMERS: list[Timer] = [forget]
