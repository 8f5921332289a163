"""
What a student reads before they say yes or no, in every version that was ever shown (R8).

A version is never edited: a student agreed to exactly these words, and their hash is in the
ledger. To change a word, add a version at the end of `VERSIONS`.
A text in another language is another version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import attrs

from services.consent.domain.kinds import Kind, kind_of

LONDON = ZoneInfo("Europe/London")

PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "academic_arrangement": "an arrangement for your studies or examinations",
        "welfare_support": "support for your welfare",
        "health_care": "care by a doctor or a hospital",
        "complaint_or_appeal": "a complaint, an appeal or a review",
        "safety": "your safety, or somebody else's",
        "confirm_use": "to confirm that you use the Student Advice Service, and nothing else",
        "trusted_contact": "your safety, or somebody else's, in an emergency",
    }
)


@attrs.frozen
class Text:
    """One version of what a student reads."""

    kind: Kind
    language: str
    """As BCP 47 writes it."""
    words: str


VERSIONS: Mapping[str, Text] = MappingProxyType(
    {
        "consent-2026-11": Text(
            Kind.DISCLOSURE,
            "en",
            """\
It is for you to decide whether the Student Advice Service gives this out.

What: exactly what you see beside this text, and nothing else.
To whom: only the person named beside this text, at the address shown there.
What for: {purpose}.
For how long: until {end}. From then on it is not shown any more.

You can take your yes back at any time, and you need not say why. \
Choose "Withdraw" beside this consent in your list, or tell any adviser. \
It works at once: from that moment it is not shown any more. \
What that person has already read, we cannot take back.

You do not have to agree. \
If you say no, nothing is given out and nobody outside the Service is told that you were asked. \
Our advice to you goes on, just the same.

By agreeing you say: I have seen what would be given out, and to whom. \
I agree that the Student Advice Service gives exactly this to that person, for this purpose.
""",
        ),
        "confirm-use-2026-11": Text(
            Kind.CONFIRM_USE,
            "en",
            """\
It is for you to decide whether the Student Advice Service confirms to somebody that you use it.

What: only this sentence: "Yes, this student uses the Student Advice Service." \
Not why, not since when, not what was said, and nothing else.
To whom: only the person named beside this text, at the address shown there.
What for: {purpose}.
For how long: until {end}. From then on we neither confirm nor deny it any more.

You can take your yes back at any time, and you need not say why. \
Choose "Withdraw" beside this consent in your list, or tell any adviser. \
It works at once: from that moment we neither confirm nor deny it. \
What that person has already been told, we cannot take back.

You do not have to agree. \
If you say no, nothing is confirmed and nobody outside the Service is told that you were asked. \
Our advice to you goes on, just the same.

By agreeing you say: I have seen what would be said, and to whom. \
I agree that the Student Advice Service says exactly this to that person, and nothing more.
""",
        ),
        "trusted-contact-2026-11": Text(
            Kind.TRUSTED_CONTACT,
            "en",
            """\
It is for you to decide whether there is somebody whom the Student Advice Service may turn to \
in an emergency.

What: that there appears to be a serious and imminent risk to your own or to others' safety, \
and how this person can help. \
Nothing of what you told us beyond that.
When: only if a staff member has decided so, as our confidentiality policy sets out for such a \
risk. At no other time is this person told anything because of this, \
not even that you use the Service.
To whom: only the person named beside this text, at the address shown there.
What for: {purpose}.
For how long: until {end}. From then on we do not turn to this person because of this.

You can take your yes back at any time, and you need not say why. \
Choose "Withdraw" beside this consent in your list, or tell any adviser. \
It works at once: from that moment we do not turn to this person because of this. \
What that person has already been told, we cannot take back.

You do not have to agree. \
If you say no, we do not turn to this person because you named them, \
and nobody outside the Service is told that you were asked. \
Our advice to you goes on, just the same.

By agreeing you say: I have seen who would be told, and when. \
I agree that the Student Advice Service turns to exactly that person, in such an emergency only.
""",
        ),
    }
)

CURRENT: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.DISCLOSURE: "consent-2026-11",
        Kind.CONFIRM_USE: "confirm-use-2026-11",
        Kind.TRUSTED_CONTACT: "trusted-contact-2026-11",
    }
)
"""The version that a student is shown today, for each kind of consent."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def current(purpose: str) -> str:
    """Give the version that a student is shown today, for a purpose."""
    return CURRENT[kind_of(purpose)]


def render(version: str, purpose: str, ends_at: datetime) -> str:
    """
    Give the text of a consent: the same bytes for the same facts, for ever.

    Args:
        version: one of `VERSIONS`.
        purpose: one of `PURPOSES`.
        ends_at: the first moment at which the consent no longer holds.

    Raises:
        KeyError: there is no such version or purpose.
    """
    return VERSIONS[version].words.format(purpose=PURPOSES[purpose], end=_until(ends_at))


def sha256(text: str) -> str:
    """Give the SHA-256 of *text* in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _until(ends_at: datetime) -> str:
    end = ends_at.astimezone(LONDON)
    if (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0):
        return f"the end of {_day(end - timedelta(days=1))}"
    return f"{end:%H:%M} on {_day(end)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
