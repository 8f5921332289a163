"""
Embargoes: what stays out of a student's list because telling them may be an offence (R35).

Under the Terrorism Act 2000 (section 21D, 39) and the Proceeds of Crime Act 2002 (sections 333A,
342), whoever lets the person know can commit an offence. So lines under such a ground are hidden
until a named staff member lifts the embargo; the ledger holds them all the time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from services.consent.domain.grounds import ground

REVIEWED_EVERY = timedelta(days=30)
"""How often somebody is to ask whether an embargo still has to stand."""


@attrs.frozen
class Embargo:
    """An embargo on one breach of confidentiality."""

    breach: str
    begun_at: datetime
    """When a ground with tipping-off was first chosen."""
    reviewed_at: datetime | None = None
    lifted_at: datetime | None = None

    @property
    def review_due_at(self) -> datetime:
        """Until when somebody is to look at it again."""
        return (self.reviewed_at or self.begun_at) + REVIEWED_EVERY


@attrs.frozen
class Visibility:
    """What decides whether a student may see the lines about a breach."""

    breach: str
    grounds: tuple[str, ...]
    """The ground of each version of the facts, the newest last."""
    lifted_at: datetime | None = None

    @property
    def ever_tipping_off(self) -> bool:
        """Whether telling the student may be, or may have been, an offence."""
        chosen = [found for each in self.grounds if (found := ground(each)) is not None]
        return any(each.tipping_off for each in chosen)

    @property
    def hidden(self) -> bool:
        """
        Whether its lines stay out of the student's list.

        Also while no ground is chosen: what was once shown could not be taken back when the ground
        turns out to be one under which telling the student is an offence.
        """
        if self.ever_tipping_off:
            return self.lifted_at is None
        return ground(self.grounds[-1] if self.grounds else "") is None
