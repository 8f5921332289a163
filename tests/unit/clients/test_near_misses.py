"""A refusal that hints at a near miss says which command records it (R14)."""

from __future__ import annotations

import pytest

from clients.staff import near_misses
from common.errors import NotAvailable, RefusedByPolicy
from services.consent.domain.reasons import REASONS

CASE = "cases/1d7f0f5e-5a53-4a25-9ba8-2f6ac3d4f8a1"


@pytest.mark.parametrize(
    ("reasons", "what"),
    [
        (["consent_for_another_recipient"], "wrong_recipient"),
        (["consent_withdrawn"], "other"),
        (["consent_for_other_items", "recipient_not_decided"], "wrong_recipient"),
    ],
)
def test_the_command_is_typed_out_with_ids_only(reasons: list[str], what: str) -> None:
    """R14: offered where something was about to leave that should not."""
    refused = RefusedByPolicy(reasons)
    expected = f"sas incident record {what} --near-miss"
    assert near_misses.command_for(refused, CASE) == f"{expected} --case {CASE}"
    assert near_misses.command_for(refused) == expected


@pytest.mark.parametrize(
    "error", [NotAvailable(), RefusedByPolicy(["consent_not_given"]), RefusedByPolicy([])]
)
def test_nobody_is_accused_who_was_only_early(error: NotAvailable | RefusedByPolicy) -> None:
    """A student who has not answered yet is no accident; nor is a name that is not there."""
    assert near_misses.command_for(error, CASE) == ""


def test_each_hint_is_a_reason_of_the_policy() -> None:
    assert set(REASONS) >= near_misses.HINTS
