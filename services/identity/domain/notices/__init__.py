"""
What the Service tells everybody before they say anything (R2, R31).

Each version is a text file beside this one, named `<id>.<first day>.<language>.txt`. A text in
force is never edited: a change is a new file with a later day, so that "which version did this
student see" always has an answer.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import UTC, date, datetime, time
from importlib import resources

import attrs


@attrs.frozen
class Notice:
    """A notice in one version."""

    id: str
    version: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """The resource name."""
        return f"notices/{self.id}"

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text in UTF-8, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def effective_time(self) -> datetime:
        """From when it holds."""
        return datetime.combine(date.fromisoformat(self.version), time(), UTC)


@functools.cache
def every_notice() -> tuple[Notice, ...]:
    """Return all versions of all notices, the latest of each last."""
    found = []
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".txt"):
            id_, version, language, _ = file.name.split(".")
            found.append(Notice(id_, version, language, file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda notice: (notice.id, notice.version)))


def notice_in_force(name: str, now: datetime) -> Notice | None:
    """Return the latest version of the notice *name* that holds at *now*, if there is one."""
    holding = [n for n in every_notice() if n.name == name and n.effective_time <= now]
    return holding[-1] if holding else None
