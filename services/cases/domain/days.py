"""Days as the Service counts them: calendar dates in Europe/London."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

EARLIEST_CONTACT = date(1990, 10, 1)
"""No contact is recorded from before; a year typed wrongly would shorten retention by decades."""


class NotADay(ValueError):
    """The text is no calendar date, or one that cannot be meant."""


def london_day(moment: datetime) -> date:
    """Give the calendar date in London at that moment; *moment* must know its time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no day")
    return moment.astimezone(LONDON).date()


def end_of_day(day: date) -> datetime:
    """Give the first moment that is no longer *day* in London, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=LONDON).astimezone(UTC)


def parse_day(text: str) -> date:
    """
    Read YYYY-MM-DD.

    Raises:
        NotADay: there is no such date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADay("must be a date, as YYYY-MM-DD") from None


def contact_day(text: str, today: date) -> date:
    """
    Read the day of a contact: today if nothing is said, never in the future.

    Raises:
        NotADay: it is no date, in the future, or from before the earliest day that is recorded.
    """
    if not text:
        return today
    day = parse_day(text)
    if day > today:
        raise NotADay("must be today or earlier")
    if day < EARLIEST_CONTACT:
        raise NotADay(f"must be {EARLIEST_CONTACT.isoformat()} or later")
    return day
