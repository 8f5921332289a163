"""
What nearly was an accident: the command to record it, typed out for whoever was just refused (R14).

A refusal because of the wrong recipient, the wrong payload, or a consent that was taken back, says
that something was about to leave that should not; why, only the person at the terminal knows.
"""

from __future__ import annotations

from common.errors import RefusedByPolicy, ServiceError

_TO_THE_WRONG_ONE = frozenset(
    {
        "consent_for_another_recipient",
        "consent_for_another_record",
        "not_a_trusted_contact",
        "recipient_not_decided",
    }
)
_AGAINST_THE_CONSENT = frozenset(
    {
        "consent_for_another_purpose",
        "consent_for_other_items",
        "consent_of_another_kind",
        "consent_superseded",
        "consent_withdrawn",
    }
)
HINTS = _TO_THE_WRONG_ONE | _AGAINST_THE_CONSENT
"""Reasons of a refusal after which it is worth asking what had nearly happened."""


def command_for(error: ServiceError, case: str = "") -> str:
    """Give the command that records it, with ids only; empty if nothing hints at a near miss."""
    reasons = frozenset(error.reasons) if isinstance(error, RefusedByPolicy) else frozenset()
    if not reasons & HINTS:
        return ""
    what = "wrong_recipient" if reasons & _TO_THE_WRONG_ONE else "other"
    known = f" --case {case}" if case else ""
    return f"sas incident record {what} --near-miss{known}"
