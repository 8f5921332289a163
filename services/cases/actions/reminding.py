"""
Reminding of accidents that wait for a decision (R14): shortly before 72 hours, and once when late.

Consent knows who may be told, so it hears of it first, and not what happened.

Imports no gRPC: the worker's process can't have it.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sas.cases.v1.events_pb2 import IncidentAwaited

from common.reminders import Reminder, reminder
from services.cases.storage.work import Stores

log = structlog.get_logger(__name__)


def remind_of_incidents(stores: Stores, now: datetime) -> None:
    """Tell consent of each accident that is due, once for each reminder."""
    for awaited in stores.incidents.awaited():
        which = reminder(awaited.known_at, awaited.report_by, now)
        if which is None or not stores.incidents.note_reminder(awaited, which, now):
            continue
        stores.tell(
            IncidentAwaited(
                record=awaited.record,
                decider=awaited.decider,
                overdue=which is Reminder.OVERDUE,
            )
        )
        log.info("incident_awaited", incident=awaited.name, reminder=str(which))
