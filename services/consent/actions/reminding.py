"""
Reminding staff members of what is due (R14, R24, R35, R36): shortly before, and once when late.

Done by `work`, which tells cases a name and nothing else (`StaffAwaited`); cases writes the mail.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import structlog
from sas.consent.v1.events_pb2 import StaffAwaited
from sqlalchemy import Connection

from common import outbox
from common.reminders import Reminder, reminder
from services.consent.domain.names import bare
from services.consent.domain.tasks import Task, decides_about_accident
from services.consent.storage.ledger import Ledger
from services.consent.storage.records import Records
from services.consent.storage.staff import Staff
from services.consent.storage.tasks import Tasks

log = structlog.get_logger(__name__)


def remind(begin: Callable[[], AbstractContextManager[Connection]], now: datetime) -> None:
    """
    Remind of all that is due, each in its own transaction, so that the ledger is not held long.

    The log does not say of what: not even a number may tell that there is an embargo.
    """
    with begin() as connection:
        waiting = Tasks(connection).waiting()
    reminded = 0
    for task in waiting:
        if (which := reminder(task.begun_at, task.due_at, now)) is not None:
            with begin() as connection:
                reminded += _remind_of(connection, task, which, now)
    if reminded:
        log.info("staff_reminded", count=reminded)


def tell_of_accident(
    connection: Connection, record_name: str, decider: str, *, overdue: bool, now: datetime
) -> None:
    """
    Let those know for whom an accident waits, of which cases tells (R14).

    Only here is known who is of the staff, and which walls stand.
    """
    Ledger(connection).hold()
    record = Records(connection).find(record_name)
    if record.disposed_at is not None:
        return
    team = Staff(connection).team(now)
    for staff_member in decides_about_accident(team, record, decider, overdue=overdue):
        outbox.put(connection, StaffAwaited(staff_member=staff_member))


def _remind_of(connection: Connection, task: Task, which: Reminder, now: datetime) -> bool:
    """Remind of one task, while no wall goes up around it; False if there is nothing to do."""
    Ledger(connection).hold()
    record = Records(connection).find(f"records/{bare(task.about)}")
    if record.disposed_at is not None or not Tasks(connection).note_reminder(task, which, now):
        return False
    for staff_member in task.waits_for(Staff(connection).team(now), record):
        outbox.put(connection, StaffAwaited(staff_member=staff_member))
    return True
