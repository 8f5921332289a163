"""
What a student reads before they say yes or no, in every version that was ever shown (R8).

A version is never edited: a student agreed to exactly these words, and their hash is in the
ledger. To change a word, add a version at the end of `VERSIONS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "academic_arrangement": "an arrangement for your studies or examinations",
        "welfare_support": "support for your welfare",
        "health_care": "care by a doctor or a hospital",
        "complaint_or_appeal": "a complaint, an appeal or a review",
        "safety": "your safety, or somebody else's",
        "confirm_use": "to confirm that you use the Student Advice Service, and nothing else",
    }
)

VERSIONS: Mapping[str, str] = MappingProxyType(
    {
        "consent-2026-11": """\
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
    }
)

CURRENT = "consent-2026-11"

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


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
    return VERSIONS[version].format(purpose=PURPOSES[purpose], end=_until(ends_at))


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
