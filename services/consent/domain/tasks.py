"""
What staff members have to do by a day, and for whom it waits.

The policy decides who may do it. This says the same of people who are not there to be asked, so
that a mail goes to nobody who could not act on it, and to nobody behind a wall (R10).
"""

from __future__ import annotations

import enum
from datetime import datetime

import attrs

from services.consent.domain.breach import REVIEW_WITHIN
from services.consent.domain.embargo import Embargo
from services.consent.domain.facts import Record


class Kind(enum.StrEnum):
    """What is to be done."""

    REVIEW = "review"
    """Review what was decided in an emergency, within 24 hours (R36)."""
    EMBARGO = "embargo"
    """Look at an embargo again, every 30 days (R35)."""
    NAME = "name"
    """Answer a student who asks for the name behind a line, within a month (R24)."""


@attrs.frozen
class Team:
    """The staff of the Service at one moment."""

    members: frozenset[str]
    managers: frozenset[str]


def decides_about_accident(team: Team, record: Record, decider: str, *, overdue: bool) -> list[str]:
    """
    Give whom an accident in *record* waits for (R14): whoever is named in it.

    Where it is late, or they are of the staff no longer or behind a wall: every manager, too.
    """
    named = [each for each in {decider} & team.members if not record.walls_off(each)]
    if named and not overdue:
        return named
    return sorted({*named, *(each for each in team.managers if not record.walls_off(each))})


@attrs.frozen
class Task:
    """Something that is to be done by a day, and that nobody has done."""

    kind: Kind
    about: str
    """The breach, or the request for a name."""
    begun_at: datetime
    due_at: datetime
    named: str = ""
    """Whose name it is, if it is about one: nobody decides about their own."""

    @classmethod
    def review(cls, breach: str, decided_at: datetime) -> Task:
        """Give the review of a breach that was decided in an emergency."""
        return cls(Kind.REVIEW, breach, decided_at, decided_at + REVIEW_WITHIN)

    @classmethod
    def look_at(cls, embargo: Embargo) -> Task:
        """Give the next look at an embargo."""
        return cls(
            Kind.EMBARGO,
            embargo.breach,
            embargo.reviewed_at or embargo.begun_at,
            embargo.review_due_at,
        )

    def waits_for(self, team: Team, record: Record) -> list[str]:
        """Give those who may do it, of the staff of this moment and the walls of *record*."""
        match self.kind:
            case Kind.REVIEW:
                may = team.members - {record.involved}
            case Kind.EMBARGO:
                may = team.managers | (team.members & {record.involved})
            case Kind.NAME:
                may = team.managers - {self.named}
        return sorted(each for each in may if not record.walls_off(each))
