"""
When somebody is reminded of what is due by a day: shortly before, and once when it is late.

Shared, because consent and cases each keep things that have to be done by a day.
"""

from __future__ import annotations

import enum
from datetime import datetime

SHORTLY = 4
"""Shortly before is when a quarter of the time is left: hours of a day, days of a month."""


class Reminder(enum.StrEnum):
    """Which of the two reminders it is time for."""

    SOON = "soon"
    OVERDUE = "overdue"


def reminder(begun_at: datetime, due_at: datetime, now: datetime) -> Reminder | None:
    """Say which reminder it is time for at *now*, of what began then and is due then."""
    if due_at <= now:
        return Reminder.OVERDUE
    if due_at - (due_at - begun_at) / SHORTLY <= now:
        return Reminder.SOON
    return None
