"""What has to follow a yes: the words of `@obligation` in the confidentiality policy."""

from __future__ import annotations

from enum import StrEnum


class Obligation(StrEnum):
    """One thing that has to follow; an action declares which of them it sees to."""

    RECORD = "record"
    """An entry in the ledger, committed with the decision. Whoever decides sees to it for all."""
    RECEIPT = "receipt"
    """Proof of that entry, for whoever decided to keep: the student, or the staff member."""
    NOTIFY = "notify"
    """Those who act on it are told, by an event that is committed with the decision."""
    REDACT = "redact"
    """Whoever else is marked in what is let go is blacked out in it."""


NOT_DISCHARGED = "obligation_not_discharged"
"""The reason when an action does not see to all that has to follow; always our own mistake."""

NOT_REDACTED = "others_not_redacted"
"""The reason when only the redaction is left over: for people to see to."""


def left_over(obligations: frozenset[Obligation]) -> str:
    """Give the reason when these were not seen to."""
    return NOT_REDACTED if obligations == {Obligation.REDACT} else NOT_DISCHARGED
