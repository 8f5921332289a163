"""Who is of the Service's staff, as identity tells; for people named by others (R36)."""

from __future__ import annotations

from datetime import datetime

import attrs

MANAGER = "manager"
OF_THE_SERVICE = frozenset({"adviser", MANAGER})
"""The roles of the team of R10; trustees and operators have roles, and are outside it."""


@attrs.frozen
class StaffRole:
    """The role of one staff member, with the moment from which it no longer holds."""

    staff_member: str
    version: int
    """Grows with each change, so that one which arrives late changes nothing."""
    role: str
    begins_at: datetime
    ends_at: datetime

    def of_the_service(self, now: datetime) -> bool:
        """Whether they are of the team at *now*."""
        return self.role in OF_THE_SERVICE and self.begins_at <= now < self.ends_at
