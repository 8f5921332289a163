"""When somebody is reminded: with a quarter of the time left, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.reminders import Reminder, reminder

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lasts", "hours", "which"),
    [
        (24, 17.9, None),
        (24, 18, Reminder.SOON),
        (24, 23.9, Reminder.SOON),
        (24, 24, Reminder.OVERDUE),
        (72, 53, None),
        (72, 54, Reminder.SOON),
        (30 * 24, 22 * 24, None),
        (30 * 24, 23 * 24, Reminder.SOON),
        (30 * 24, 300 * 24, Reminder.OVERDUE),
    ],
)
def test_a_quarter_before_and_when_it_is_late(
    lasts: float, hours: float, which: Reminder | None
) -> None:
    due = BEGUN + timedelta(hours=lasts)
    assert reminder(BEGUN, due, BEGUN + timedelta(hours=hours)) is which
