"""Embargoes in PostgreSQL: which stand, when each is to be looked at again, who lifted it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Select, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.consent.domain.embargo import Embargo, Visibility
from services.consent.domain.grounds import TIPPING_OFF
from services.consent.storage.tables import (
    breach_facts,
    embargo_lifts,
    embargo_reviews,
    entries,
)


@attrs.frozen
class Embargoes:
    """The tables of embargoes. That one stands follows from the grounds that were chosen."""

    connection: Connection

    def find(self, breach: str) -> Embargo | None:
        """Give the embargo on a breach, lifted or not; None if there never was one."""
        row = self.connection.execute(
            _embargoes().where(breach_facts.c.breach == breach)
        ).one_or_none()
        return None if row is None else Embargo(*row)

    def standing(self, breach: str) -> Embargo | None:
        """Give the embargo on a breach if it stands."""
        found = self.find(breach)
        return found if found is not None and found.lifted_at is None else None

    def all_standing(self) -> list[Embargo]:
        """Give all embargoes that stand, the one to be looked at first before the others."""
        query = _embargoes().where(
            breach_facts.c.breach.not_in(select(embargo_lifts.c.breach)),
        )
        found = [Embargo(*row) for row in self.connection.execute(query)]
        return sorted(found, key=lambda each: (each.review_due_at, each.breach))

    def note_review(self, breach: str, by: str, at: datetime, ledger_index: int) -> None:
        """Keep that somebody looked at an embargo, and left it."""
        row = {"breach": breach, "reviewed_by": by, "reviewed_at": at, "ledger_index": ledger_index}
        self.connection.execute(insert(embargo_reviews).values(row))

    def lift(self, breach: str, by: str, reason: str, at: datetime, ledger_index: int) -> None:
        """Lift an embargo, for good."""
        row = {"lifted_by": by, "lifted_at": at, "reason": reason, "ledger_index": ledger_index}
        self.connection.execute(insert(embargo_lifts).values(breach=breach, **row))

    def visibilities(self, student: str) -> list[Visibility]:
        """
        Give what decides about each breach that the ledger has a line about, for a student.

        One question, however many there are: the time it takes must not tell that there is one.
        """
        breaches = (
            select(entries.c.breach)
            .where(entries.c.student == student, entries.c.breach != "")
            .distinct()
            .subquery()
        )
        grounds = func.array_agg(aggregate_order_by(breach_facts.c.ground, breach_facts.c.position))
        query = (
            select(breaches.c.breach, grounds, embargo_lifts.c.lifted_at)
            .outerjoin(breach_facts, breach_facts.c.breach == breaches.c.breach)
            .outerjoin(embargo_lifts, embargo_lifts.c.breach == breaches.c.breach)
            .group_by(breaches.c.breach, embargo_lifts.c.lifted_at)
        )
        return [
            Visibility(breach, tuple(each or "" for each in chosen), lifted_at)
            for breach, chosen, lifted_at in self.connection.execute(query)
        ]


def _embargoes() -> Select[Any]:
    """Ask for breaches with a ground with tipping-off, by the version that chose it first."""
    reviewed = (
        select(func.max(embargo_reviews.c.reviewed_at))
        .where(embargo_reviews.c.breach == breach_facts.c.breach)
        .scalar_subquery()
    )
    lifted = (
        select(embargo_lifts.c.lifted_at)
        .where(embargo_lifts.c.breach == breach_facts.c.breach)
        .scalar_subquery()
    )
    return (
        select(breach_facts.c.breach, func.min(breach_facts.c.recorded_at), reviewed, lifted)
        .where(breach_facts.c.ground.in_(sorted(TIPPING_OFF)))
        .group_by(breach_facts.c.breach)
    )
