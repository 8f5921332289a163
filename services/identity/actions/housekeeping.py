"""What is forgotten by itself. Run by timers in `work`, which has no Vault key and no gRPC."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from common.requests import forget_requests
from services.identity.storage.passkeys import Passkeys
from services.identity.storage.sessions import Sessions
from services.identity.storage.sign_ins import SignIns

KEEP_ENDED_SESSIONS = timedelta(days=1)
"""So that a question about yesterday can be answered; the rows name nobody but by random names."""


def forget(connection: sa.Connection, now: datetime) -> None:
    """Forget sign-ins, sessions and passkeys that are over, and calls nobody repeats."""
    SignIns(connection).purge(now)
    Passkeys(connection).purge(now)
    Sessions(connection).purge(now - KEEP_ENDED_SESSIONS)
    forget_requests(connection)
