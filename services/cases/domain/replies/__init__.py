"""
The words that everybody gets who asks whether somebody uses the Service (R9).

Each way of answering has a text file beside this one, `<channel>.<first day>.<language>.txt`: what
to say, and below the line `--` what the staff member keeps in mind. A text in force is never
edited: a change is a new file with a later day, so that "what was this person told" always has an
answer.

A mail leaves at an hour that follows from when the question came in, not from whom it was about or
how long somebody looked for a record before answering: see `leaves_at`.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources

import attrs

from services.cases.domain.days import LONDON, london_day
from services.cases.domain.states import ReplyChannel

POST_HOUR = time(10)
"""When the day's mails leave, in London."""
AT_LEAST = timedelta(hours=24)
"""How old a question is when its mail leaves, so that the staff's day makes no difference."""

TRIED_FOR = timedelta(days=1)
"""How long a mail is tried; after that it is given up, and the list of questions says so."""


@attrs.frozen
class Script:
    """The words for one way of answering, in one version."""

    channel: ReplyChannel
    version: str
    language: str
    text: str
    guidance: str
    """For the staff member only."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of words and guidance in UTF-8, in hexadecimal."""
        return hashlib.sha256(f"{self.text}\0{self.guidance}".encode()).hexdigest()


@functools.cache
def every_script() -> tuple[Script, ...]:
    """Give all versions of all scripts, the latest of each last."""
    found = []
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".txt"):
            channel, version, language, _ = file.name.split(".")
            text, _, guidance = file.read_text(encoding="utf-8").partition("\n--\n")
            found.append(
                Script(ReplyChannel(channel), version, language, text.strip(), guidance.strip())
            )
    return tuple(sorted(found, key=lambda script: (script.channel, script.version)))


def script_in_force(channel: ReplyChannel, today: date) -> Script:
    """Give the words that hold today for one way of answering."""
    return [
        script
        for script in every_script()
        if script.channel == channel and date.fromisoformat(script.version) <= today
    ][-1]


def script_of(channel: ReplyChannel, version: str) -> Script:
    """Give the words of one version."""
    return next(
        script
        for script in every_script()
        if (script.channel, script.version) == (channel, version)
    )


def leaves_at(asked_at: datetime, answered_at: datetime) -> datetime:
    """
    Give when the mail leaves: with the first post that is a day after the question.

    Looking for a record takes longer when there is one. So the minute in which a staff member
    answers shows nowhere, unless they let the day pass; then it is the first post after that.
    """
    earliest = max(asked_at + AT_LEAST, answered_at)
    post = datetime.combine(london_day(earliest), POST_HOUR, LONDON)
    if post < earliest:
        post = datetime.combine(london_day(earliest) + timedelta(days=1), POST_HOUR, LONDON)
    return post.astimezone(UTC)
