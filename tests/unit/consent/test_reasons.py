"""Every reason has its sentence, and every sentence of a reason its place in the policy."""

from __future__ import annotations

from common.errors import RefusedByPolicy, from_status, to_status
from services.consent.domain.obligations import NOT_DISCHARGED, NOT_REDACTED
from services.consent.domain.reasons import REASONS, in_words
from services.consent.policies.engine import CANNOT_DECIDE, NOT_PERMITTED, Policy

OURS = {CANNOT_DECIDE, NOT_PERMITTED, NOT_DISCHARGED}
"""Our own mistakes."""


def test_every_reason_of_the_policy_is_said_in_words() -> None:
    """What is not: add it to services/consent/domain/reasons.py."""
    assert set(REASONS) == Policy.load().reasons | OURS | {NOT_REDACTED}


def test_a_reason_is_said_with_the_clause_that_the_policy_names() -> None:
    clauses = Policy.load().clauses_of
    assert REASONS[NOT_REDACTED].clause == "R3"
    for code, reason in REASONS.items():
        if code == NOT_REDACTED:
            continue  # no rule of its own: what has to follow a yes was left over
        assert (reason.clause in clauses(code)) if code not in OURS else not reason.clause


def test_a_reason_is_one_or_two_sentences_for_people() -> None:
    for code, reason in REASONS.items():
        assert reason.sentence[0].isupper()
        assert reason.sentence.endswith(".")
        assert "_" not in reason.sentence, code
        assert len(reason.sentence) <= 110


def test_the_words_of_a_refusal_travel_with_it() -> None:
    """Whoever shows it needs no table of their own, which would be older than the policy."""
    code = "consent_withdrawn"
    told = from_status(to_status(RefusedByPolicy([code, "a_new_one"], {code: in_words(code)})))
    assert isinstance(told, RefusedByPolicy)
    assert told.reasons == ("a_new_one", code)
    assert told.in_words == ("a new one", "The student has taken this consent back. (R6)")
