"""Decisions, explained: what was decided or would be, and why, in the policy's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from services.consent.domain.ledger.entry import parse
from services.consent.domain.obligations import NOT_REDACTED, Obligation
from services.consent.domain.reasons import REASONS, Reason

_OF_AN_EARLIER_POLICY = Reason("A reason that the policy of today no longer gives.", "")


@attrs.frozen
class Explanation:
    """A decision with its reasons."""

    name: str
    """`decisions/{id}`; empty if it was not made."""
    action: str
    person: str
    allowed: bool
    reasons: frozenset[str]
    clauses: frozenset[str]
    obligations: frozenset[str]
    at: datetime
    policy_set: str

    @property
    def because(self) -> list[tuple[str, Reason]]:
        """Each reason with its words."""
        return _in_words(self.reasons)

    @property
    def unless(self) -> list[tuple[str, Reason]]:
        """
        What would make a no of a yes that was not made, and is not known here, with its words.

        Whether others are hidden in a file is known only to who holds it, once it is to leave.
        """
        would_be = self.allowed and not self.name
        return _in_words(
            {NOT_REDACTED} if would_be and Obligation.REDACT in self.obligations else ()
        )


@attrs.frozen
class Past:
    """A decision as its ledger entry tells it, and what it was about."""

    index: int
    """Its place in the ledger."""
    explanation: Explanation
    record: str
    breach: str

    @classmethod
    def of(cls, entry: bytes) -> Past:
        """Read an entry."""
        said = parse(entry)
        explanation = Explanation(
            name=f"decisions/{said['entry']}",
            action=said["action"],
            person=said["actor"],
            allowed=said["effect"] == "allow",
            reasons=_codes(said["reasons"]),
            clauses=_codes(said["clauses"]),
            obligations=_codes(said["obligations"]),
            at=datetime.fromisoformat(said["at"]),
            policy_set=said["policy_set"],
        )
        return cls(said["index"], explanation, said["record"], said["breach"])


def _in_words(codes: Iterable[str]) -> list[tuple[str, Reason]]:
    return [(code, REASONS.get(code, _OF_AN_EARLIER_POLICY)) for code in sorted(codes)]


def _codes(said: Iterable[str]) -> frozenset[str]:
    return frozenset(said)
