"""Every reason has its sentence, and every sentence of a reason its place in the policy."""

from __future__ import annotations

from services.consent.domain.obligations import NOT_DISCHARGED
from services.consent.domain.reasons import REASONS, sentence
from services.consent.policies.engine import CANNOT_DECIDE, NOT_PERMITTED, Policy

OURS = {CANNOT_DECIDE, NOT_PERMITTED, NOT_DISCHARGED}


def test_every_reason_of_the_policy_is_said_in_words() -> None:
    """What is not: add it to services/consent/domain/reasons.py."""
    assert set(REASONS) == Policy.load().reasons | OURS


def test_a_reason_is_said_with_the_clause_that_the_policy_names() -> None:
    clauses = Policy.load().clauses_of
    for code, reason in REASONS.items():
        assert (reason.clause in clauses(code)) if code not in OURS else not reason.clause


def test_a_reason_is_one_or_two_sentences_for_people() -> None:
    for code, reason in REASONS.items():
        assert reason.sentence[0].isupper()
        assert reason.sentence.endswith(".")
        assert "_" not in reason.sentence, code
        assert len(reason.sentence) <= 110


def test_a_reason_that_nobody_knows_is_still_said() -> None:
    """A client may be older than the policy."""
    assert sentence("some_new_reason") == "Some new reason."
