"""
What a student says to a staff member: a yes, which is provisional, and a no, which works at once.

A spoken yes counts from when it was noted, and no longer than a week from when it was said, unless
the student confirms it in a session of their own or a second staff member who was there stands up
for it (R7). The end of that week is written into the line itself: no later setting revives it.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from services.consent.actions.answers import Shown, agree, end
from services.consent.actions.parts import Parts
from services.consent.domain.consent import Consent, Happened, Happening, Spoken
from services.consent.domain.facts import Who


@attrs.frozen(kw_only=True)
class Saying:
    """How, where and when a student said yes, as the staff member says."""

    manner: str
    place: str
    at: datetime


def record_verbal_consent(parts: Parts, who: Who, shown: Shown, saying: Saying) -> Consent:
    """
    Note, as a staff member, that the student said yes to exactly this text and payload.

    Raises:
        NotAvailable: there is no such consent, or a wall.
        RefusedByPolicy: with every reason.
    """
    now = parts.clock()
    spoken = Spoken(
        manner=saying.manner,
        place=saying.place,
        at=saying.at,
        confirm_by=min(saying.at, now) + parts.verbal_lasts,
    )
    line = Happened(Happening.GIVEN, now, None, act="spoken", spoken=spoken)
    return agree(parts, who, shown, "consent:record_verbal", line)[0]


def witness_consent(parts: Parts, who: Who, shown: Shown) -> Consent:
    """
    Stand up, as a second staff member who was there, for a yes that a colleague noted.

    Raises:
        NotAvailable: there is no such consent, or a wall.
        RefusedByPolicy: with every reason; such as that it was oneself who noted it.
    """
    line = Happened(Happening.CONFIRMED, parts.clock(), None)
    return agree(parts, who, shown, "consent:witness", line)[0]


def record_withdrawal(parts: Parts, who: Who, name: str) -> Consent:
    """
    Note, as a staff member, that the student takes a consent back; it works at once.

    Taking back is as easy as giving (UK GDPR Art. 7(3)): whoever may say yes to an adviser may
    also say no to one, and a no needs nobody to confirm it.

    Raises:
        NotAvailable: there is no such consent, or a wall.
        RefusedByPolicy: with every reason.
    """
    return end(parts, who, name, "consent:record_withdrawal", Happening.WITHDRAWN)
