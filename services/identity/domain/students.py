"""
Students and their registration forms.

"The student will also be asked to complete a registration form" (R16): asked, completed or
declined, and advice goes on in every one of these.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

import attrs

ASKED = "asked"
COMPLETED = "completed"
DECLINED = "declined"

# A code has no room for words; what isn't one is counted as `other`.
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
NOT_STATED = "not-stated"
OTHER = "other"


@attrs.frozen
class Student:
    """A student, without a word about who it is."""

    id: str
    registration_state: str
    version: int
    create_time: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return f"students/{self.id}"


@attrs.frozen
class RegistrationForm:
    """What a student told about themselves. Every field may be empty (R1)."""

    full_name: str = attrs.field(default="", repr=False)
    preferred_name: str = attrs.field(default="", repr=False)
    crsid: str = attrs.field(default="", repr=False)
    college: str = attrs.field(default="", repr=False)
    faculty: str = attrs.field(default="", repr=False)
    level: str = attrs.field(default="", repr=False)
    contact: str = attrs.field(default="", repr=False)

    @property
    def empty(self) -> bool:
        """Whether nothing at all is known."""
        return not any(attrs.astuple(self))

    def to_bytes(self) -> bytes:
        """Return the form as it is sealed: JSON in UTF-8."""
        return json.dumps(attrs.asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, words: bytes) -> RegistrationForm:
        """Return the form from the bytes of `to_bytes`."""
        return cls(**json.loads(words))

    def facts(self) -> bytes:
        """Return what may be counted: codes only, as JSON. No name, no CRSid, no free text."""
        coded = {field: _code(getattr(self, field)) for field in ("college", "faculty", "level")}
        return json.dumps(coded, sort_keys=True).encode()


def _code(text: str) -> str:
    if not text.strip():
        return NOT_STATED
    return text if CODE.fullmatch(text) else OTHER
