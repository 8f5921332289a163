"""
How long a session lasts (R19: staff members log off when the system is not in use).

It ends at the first of: the end of its absolute time, the end of the role it rests on, too long
without a call, or somebody ending it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

STAFF = "staff"
STUDENT = "student"

# The idle clock is written at most this often, so that most calls write nothing. A session can
# so end up to this much early, never late.
TOUCH_EVERY = timedelta(seconds=30)


@attrs.frozen
class Lifetimes:
    """The Service's settings for the length of sessions."""

    absolute: timedelta
    idle_staff: timedelta
    idle_students: timedelta

    def idle(self, kind: str) -> timedelta:
        """Return how long a session of this *kind* of person may go without a call."""
        return self.idle_staff if kind == STAFF else self.idle_students


@attrs.frozen
class Session:
    """Somebody signed in. The token that stands for it is kept nowhere; only its SHA-256 is."""

    id: str
    person: str
    kind: str
    roles: frozenset[str]
    second_factor: bool
    expires_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None
    passkeys: frozenset[str] = frozenset()
    """The thumbprints of the person's passkeys, as of when the session was looked up."""

    def holds(self, now: datetime, lifetimes: Lifetimes) -> bool:
        """Say whether the session still stands for the person at *now*."""
        return (
            self.ended_at is None
            and now < self.expires_at
            and now < self.last_used_at + lifetimes.idle(self.kind)
        )

    def wants_touch(self, now: datetime) -> bool:
        """Say whether the idle clock is old enough to be worth a write."""
        return now >= self.last_used_at + TOUCH_EVERY
