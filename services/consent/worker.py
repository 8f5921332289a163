"""The other door to consent's actions: events of other services, and timers."""

from __future__ import annotations

from datetime import UTC, datetime

from sas.cases.v1.events_pb2 import RecordDisposed

from common.config import Config
from common.events.handlers import Deps, Timer, handles
from common.requests import forget_requests
from services.consent.actions import housekeeping
from services.consent.actions.signing import LedgerKey
from services.consent.config import Settings

_DAY = 24 * 3600.0


@handles(RecordDisposed)
def on_record_disposed(deps: Deps, event: RecordDisposed) -> None:
    """A record's key is destroyed; nothing of it is opened or sent any more."""
    housekeeping.note_disposal(deps.connection, event.record, datetime.now(UTC))


HANDLERS = [on_record_disposed]


def timers(config: Config[Settings], key: LedgerKey) -> list[Timer]:
    """Give what is done now and then."""

    def checkpoint(deps: Deps) -> None:
        housekeeping.checkpoint(deps.connection, key, datetime.now(UTC))

    def lapse(deps: Deps) -> None:
        housekeeping.end_lapsed_consents(deps.connection, datetime.now(UTC))

    def forget(deps: Deps) -> None:
        forget_requests(deps.connection)

    return [
        Timer("checkpoint", config.settings.checkpoint_seconds, checkpoint),
        Timer("lapse", config.settings.lapse_seconds, lapse),
        Timer("forget_requests", _DAY, forget),
    ]
