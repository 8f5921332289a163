"""A case note: the student's situation, the advice offered and the action taken (R15)."""

from __future__ import annotations

import json
from datetime import date, datetime

import attrs

from services.cases.domain.names import name_of


@attrs.frozen
class NoteWords:
    """The three parts of a note, sealed as one item, since they are always read together."""

    situation: str = attrs.field(default="", repr=False)
    advice_offered: str = attrs.field(default="", repr=False)
    action_taken: str = attrs.field(default="", repr=False)

    @property
    def empty(self) -> bool:
        """Say whether nothing at all was written."""
        return not any(part.strip() for part in attrs.astuple(self))

    @property
    def complete(self) -> bool:
        """Say whether all three parts are there; a note that lacks one is a draft."""
        return all(part.strip() for part in attrs.astuple(self))

    def as_text(self, title: str) -> str:
        """Write the note to be read on paper."""
        parts = {
            "Situation": self.situation,
            "Advice offered": self.advice_offered,
            "Action taken": self.action_taken,
        }
        written = (f"{heading}\n{part}" for heading, part in parts.items() if part.strip())
        return "\n\n".join((title, *written))

    def to_bytes(self) -> bytes:
        """Write the parts in the form that is sealed."""
        return json.dumps(attrs.asdict(self)).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> NoteWords:
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(opened))


@attrs.frozen
class Note:
    """A case note, without words."""

    id: str
    case_id: str
    author: str
    created_at: datetime
    contact_date: date
    corrects: str | None
    """The id of the note that this one adds to or corrects."""
    complete: bool

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for its data key."""
        return name_of("notes", self.id)
