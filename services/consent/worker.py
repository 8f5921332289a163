"""The other door to consent's actions: events of other services, and timers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sas.cases.v1.events_pb2 import IncidentAwaited, RecordDisposed
from sas.identity.v1.events_pb2 import StaffRoleChanged

from common.config import Config
from common.events.handlers import Deps, Handler, Timer, handles
from common.requests import forget_requests
from services.consent.actions import housekeeping, reminding
from services.consent.actions.signing import LedgerKey
from services.consent.actions.witnessing import ask_witness
from services.consent.config import Settings
from services.consent.domain.staff import StaffRole
from services.consent.storage.witness_line import WitnessLine

_HOUR = 3600.0
_QUARTER = _HOUR / 4
_DAY = 24 * _HOUR


@handles(RecordDisposed)
def on_record_disposed(deps: Deps, event: RecordDisposed) -> None:
    """A record's key is destroyed; nothing of it is opened or sent any more."""
    housekeeping.note_disposal(deps.connection, event.record, datetime.now(UTC))


@handles(StaffRoleChanged)
def on_staff_role_changed(deps: Deps, event: StaffRoleChanged) -> None:
    """Somebody has a role, until then."""
    housekeeping.note_role(
        deps.connection,
        StaffRole(
            event.staff_member,
            event.version,
            event.role,
            event.begin_time.ToDatetime(UTC),
            event.end_time.ToDatetime(UTC),
        ),
    )


@handles(IncidentAwaited)
def on_incident_awaited(deps: Deps, event: IncidentAwaited) -> None:
    """An accident waits for somebody's decision."""
    reminding.tell_of_accident(
        deps.connection,
        event.record,
        event.decider,
        overdue=event.overdue,
        now=datetime.now(UTC),
    )


HANDLERS: list[Handler[Any]] = [on_record_disposed, on_staff_role_changed, on_incident_awaited]


def timers(config: Config[Settings], key: LedgerKey, lines: Sequence[WitnessLine]) -> list[Timer]:
    """Give what is done now and then."""

    def checkpoint(deps: Deps) -> None:
        housekeeping.checkpoint(deps.connection, key, datetime.now(UTC))

    def tiles(deps: Deps) -> None:
        housekeeping.write_tiles(deps.connection)

    def lapse(deps: Deps) -> None:
        housekeeping.end_lapsed_consents(deps.connection, datetime.now(UTC))

    def watch_breaches(deps: Deps) -> None:
        housekeeping.watch_breaches(deps.connection, datetime.now(UTC))

    def watch_name_requests(deps: Deps) -> None:
        housekeeping.watch_name_requests(deps.connection, datetime.now(UTC))

    def remind(deps: Deps) -> None:
        reminding.remind(deps.begin, datetime.now(UTC))

    def forget(deps: Deps) -> None:
        forget_requests(deps.connection)

    def asking(line: WitnessLine) -> Callable[[Deps], None]:
        def ask(deps: Deps) -> None:
            ask_witness(deps.connection, line, datetime.now(UTC))

        return ask

    return [
        Timer("checkpoint", config.settings.checkpoint_seconds, checkpoint),
        Timer("tiles", config.settings.tiles_seconds, tiles),
        Timer("lapse", config.settings.lapse_seconds, lapse),
        Timer("watch_breaches", _HOUR, watch_breaches),
        Timer("watch_name_requests", _HOUR, watch_name_requests),
        Timer("remind", _QUARTER, remind),
        Timer("forget_requests", _DAY, forget),
        # One for each, so that a silent witness holds up no other.
        *(Timer("witness", config.settings.witness_seconds, asking(line)) for line in lines),
    ]
