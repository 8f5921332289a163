"""Where an action does not see to what the policy asks for with a yes, nothing happens."""

from __future__ import annotations

import attrs
import pytest

from common.errors import RefusedByPolicy
from services.consent.actions import answers
from services.consent.domain.facts import Who
from services.consent.policies.engine import Policy
from tests.policy.the_policy import POLICIES, SCHEMA
from tests.service.consent.deeds import DIGEST, Letter
from tests.service.consent.house import House, in_days


def test_a_yes_without_what_has_to_follow_is_refused_and_written_down(sas: House) -> None:
    """A policy that asks for one thing more than the code does: fail closed, not open."""
    letter = Letter.write(sas)
    consent = letter.asked()
    letter.previewed()
    stricter = Policy(
        POLICIES.replace(
            "notify for consent:refuse", "redact for consent:give; notify for consent:refuse"
        ),
        SCHEMA,
    )
    with sas.parts(lambda: in_days(0)) as parts:
        shown = answers.Shown(
            consent=consent.name, text_sha256=consent.text_sha256, payload_digest=DIGEST
        )
        who = Who(letter.case.student.name, "student")
        with pytest.raises(RefusedByPolicy) as refused:
            answers.give_consent(attrs.evolve(parts, policy=stricter), who, shown, "ticked")
    assert refused.value.reasons == ("obligation_not_discharged",)
    entry = sas.last_entry(action="consent:give", disclosure=letter.disclosure)
    assert (entry["effect"], entry["obligations"]) == ("deny", ["receipt", "record", "redact"])
    with pytest.raises(RefusedByPolicy):
        letter.sent()


def test_the_entry_says_what_has_to_follow(sas: House) -> None:
    letter = Letter.write(sas)
    letter.withdrawn(letter.agreed())
    for action, obligations in (
        ("disclosure:preview", ["record"]),
        ("consent:give", ["receipt", "record"]),
        ("consent:withdraw", ["notify", "record"]),
    ):
        entry = sas.last_entry(action=action, disclosure=letter.disclosure)
        assert entry["obligations"] == obligations
