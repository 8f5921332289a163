"""
A breach of confidentiality: what the policy wants recorded (R33-R38).

Codes (ground, answers, recipients) and words are kept apart: the codes go to consent, which
decides; the words are sealed here, in versions that are only ever added.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from services.cases.domain.names import name_of, record_of
from services.cases.domain.states import BreachState

SALT_BYTES = 32


@attrs.frozen
class BreachWords:
    """The words of one version. What is empty stays as earlier versions had it."""

    outline: str = attrs.field(default="", repr=False)
    reason: str = attrs.field(default="", repr=False)
    intended_outcome: str = attrs.field(default="", repr=False)
    student_spoken_to: str = attrs.field(default="", repr=False)
    nobody_reachable: str = attrs.field(default="", repr=False)

    @property
    def empty(self) -> bool:
        """Say whether this version adds nothing."""
        return not any(part.strip() for part in attrs.astuple(self))

    def parts(self) -> frozenset[str]:
        """Name the parts that have words."""
        return frozenset(name for name, words in attrs.asdict(self).items() if words.strip())

    def over(self, earlier: BreachWords) -> BreachWords:
        """Lay this version over an earlier one."""
        said = {name: getattr(self, name) for name in self.parts()}
        return attrs.evolve(earlier, **said)

    def to_bytes(self) -> bytes:
        """Write the form that is sealed."""
        return json.dumps(attrs.asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> BreachWords:
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(opened))


@attrs.frozen
class Told:
    """What was told to a recipient of a decided breach, and when (R38 iv)."""

    recipient: str
    told: str = attrs.field(repr=False)
    told_at: str

    def to_bytes(self) -> bytes:
        """Write the form that is sealed."""
        return json.dumps(attrs.asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> Told:
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(opened))

    def line(self) -> str:
        """Write it as one line for the reader."""
        return f"{self.told_at} {self.recipient}: {self.told}"


@attrs.frozen
class StudentFirst:
    """An attempt to speak to the student first (when, how, result), or why there was none."""

    attempted_at: datetime | None = None
    channel: str = ""
    result: str = ""
    why_not: str = ""

    def wrong(self, now: datetime) -> str:
        """Say what is wrong with it, for whoever records it; empty if nothing is."""
        attempt = (self.attempted_at, self.channel, self.result)
        if self.why_not:
            return "is an attempt, or why there was none; not both" if any(attempt) else ""
        if not all(attempt):
            return "says when, how and with which result; or why it was not tried"
        if self.attempted_at is not None and self.attempted_at > now:
            return "must not be in the future"
        return ""

    def to_json(self) -> dict[str, str]:
        """Write it for the table."""
        at = self.attempted_at.isoformat() if self.attempted_at else ""
        return {**attrs.asdict(self), "attempted_at": at}

    @classmethod
    def from_json(cls, kept: Mapping[str, str]) -> StudentFirst | None:
        """Read what `to_json` wrote; None if nothing was recorded."""
        if not kept:
            return None
        at = kept["attempted_at"]
        return cls(
            datetime.fromisoformat(at) if at else None,
            kept["channel"],
            kept["result"],
            kept["why_not"],
        )


@attrs.frozen
class Addendum:
    """What was added to the record after the decision."""

    author: str
    added_at: datetime
    words: str = attrs.field(repr=False)


def latest_words(versions: Iterable[BreachWords]) -> BreachWords:
    """Lay all versions over each other, the oldest first."""
    words = BreachWords()
    for version in versions:
        words = version.over(words)
    return words


def chained_digest(previous: bytes, salt: bytes, words: bytes) -> bytes:
    """
    Give SHA-256(previous digest || salt || words); *previous* is empty for the first version.

    Each version's digest covers all before it, so consent's one digest covers all the words.
    """
    return hashlib.sha256(previous + salt + words).digest()


@attrs.frozen
class Recipient:
    """One recipient of a breach, and which kind of recipient that is."""

    third_party: str
    kind: str


@attrs.frozen
class Breach:
    """A breach of confidentiality, without words."""

    id: str
    case_id: str
    state: BreachState
    ground: str
    serious: bool
    imminent: bool
    whose_safety: str
    student_first: StudentFirst | None
    recipients: tuple[Recipient, ...]
    parts: frozenset[str]
    """The parts that have words."""
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("breaches", self.id)

    @property
    def record(self) -> str:
        """The breach's own record."""
        return record_of(self.id)

    @property
    def case_record(self) -> str:
        """The record of the case."""
        return record_of(self.case_id)

    def words_item(self, number: int) -> str:
        """Name the item of one version of the words."""
        return f"{self.name}/words/{number}"

    def told_item(self, told_id: str) -> str:
        """Name the item of one thing told."""
        return f"{self.name}/told/{told_id}"

    def addendum_item(self, addendum_id: str) -> str:
        """Name the item of one addendum."""
        return f"{self.name}/addenda/{addendum_id}"
