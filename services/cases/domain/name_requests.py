"""
A student's request for the name behind a line of their list: the words around it (R24).

Consent has the procedure, in names and codes; here are the student's reasons, what the staff member
says whose name it is, and how it was weighed, each an item of the request's own record.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

import attrs

from services.cases.domain.names import name_of, record_of

SALT_BYTES = 32


class Part(StrEnum):
    """Whose words they are; the value is the collection that their items belong to."""

    WHY = "nameRequests"
    """Why the student asks. Its item has the name of the request."""
    VIEW = "nameViews"
    """What the staff member says whose name it is."""
    DECISION = "nameDecisions"
    """How it was weighed."""


@attrs.frozen
class NameRequest:
    """One request."""

    id: str
    student: str

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("nameRequests", self.id)

    @property
    def record(self) -> str:
        """The request's own record, under whose key all its words are sealed."""
        return record_of(self.id)


@attrs.frozen
class Statement:
    """What somebody said, opened."""

    part: Part
    author: str
    said_at: datetime
    words: str = attrs.field(repr=False)


def salted_digest(salt: bytes, words: bytes) -> str:
    """Give what consent keeps of words: a digest that nobody can guess them from."""
    return hashlib.sha256(salt + words).hexdigest()
