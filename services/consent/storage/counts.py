"""
How many breaches of confidentiality were decided, and which of them wait for a review.

Only dates and whether it was an emergency are read here: `work`, who watches the counts, may read
nothing else of a breach.
"""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection, select

from services.consent.storage.tables import breach_decisions, breach_reviews


@attrs.frozen
class Decision:
    """When a breach was decided, and whether without a colleague's advice."""

    breach: str
    at: datetime
    emergency: bool


@attrs.frozen
class BreachCounts:
    """The decisions, without anything that they are about."""

    connection: Connection

    def decisions(self) -> list[Decision]:
        """
        Give every decision to breach confidentiality, the latest first.

        Telling only people whom the student trusts, by their own consent, breaches none (R33).
        """
        c = breach_decisions.c
        query = (
            select(c.breach, c.decided_at, c.emergency)
            .where(~c.by_consent)
            .order_by(c.decided_at.desc(), c.breach)
        )
        return [Decision(*row) for row in self.connection.execute(query)]

    def awaiting_review(self) -> list[Decision]:
        """Give the decisions without advice that no colleague has looked at, the oldest first."""
        c = breach_decisions.c
        query = (
            select(c.breach, c.decided_at, c.emergency)
            .where(c.emergency, c.breach.not_in(select(breach_reviews.c.breach)))
            .order_by(c.decided_at, c.breach)
        )
        return [Decision(*row) for row in self.connection.execute(query)]
