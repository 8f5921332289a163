"""
What has to follow a yes does follow it, or it is a no.

The policy says what has to follow (`@obligation`), the action says what it sees to (`discharges`).
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from sas.common.v1 import access_pb2
from sas.consent.v1 import policy_pb2

from services.consent.domain.decision import Decision
from services.consent.domain.obligations import NOT_DISCHARGED, NOT_REDACTED, Obligation
from services.consent.policies.engine import Policy, PolicyBroken
from tests.policy import oracle
from tests.policy.scenarios import Scenario, load_all
from tests.policy.the_policy import EVERYTHING, POLICIES, RULES, SCHEMA

ALLOWED = [each for each in load_all(Path(__file__).parent) if each.may]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def wanted(action: str) -> frozenset[str]:
    more = {name for name, actions in oracle.OBLIGATIONS.items() if action in actions}
    return frozenset({"record", *more})


@pytest.mark.parametrize("scenario", ALLOWED, ids=lambda each: f"{each.file}: {each.name}")
def test_a_yes_says_what_has_to_follow(policy: Policy, scenario: Scenario) -> None:
    decision = policy.decide(scenario.question)
    assert decision.obligations == wanted(scenario.question.action)


def test_every_permit_has_its_obligations_and_every_obligation_is_a_known_one() -> None:
    """The ledger is never left out, and none of the oracle's is for an action that isn't there."""
    for rule in RULES.rules:
        said = rule.annotations.get("obligation", "")
        assert rule.permits is bool(said)
        assert not rule.permits or said.split(";")[0] == "record"
    assert {"record", *oracle.OBLIGATIONS} == set(Obligation)
    for actions in oracle.OBLIGATIONS.values():
        assert actions <= {each.name for each in EVERYTHING}


@pytest.mark.parametrize(
    "said",
    ['"recrod"', '"record; receipt for consent:gave"', '"record; receipt of consent:give"'],
)
def test_an_obligation_that_is_misspelt_is_not_served(said: str) -> None:
    with pytest.raises(PolicyBroken):
        Policy(POLICIES.replace('@obligation("record")', f"@obligation({said})"), SCHEMA)


def test_a_yes_with_anything_left_over_is_a_no() -> None:
    yes = Decision(True, obligations=frozenset({Obligation.RECORD, Obligation.RECEIPT}))
    assert yes.seen_to(frozenset({Obligation.RECEIPT})) == yes
    for other in (frozenset(), frozenset({Obligation.NOTIFY, Obligation.REDACT})):
        counts = yes.seen_to(other)
        assert not counts.allowed
        assert counts.reasons == {NOT_DISCHARGED}


def test_a_redaction_that_is_left_over_is_for_people_to_see_to() -> None:
    yes = Decision(True, obligations=frozenset({Obligation.RECORD, Obligation.REDACT}))
    assert yes.seen_to(frozenset()).reasons == {NOT_REDACTED}
    both = Decision(True, obligations=frozenset({Obligation.RECEIPT, Obligation.REDACT}))
    assert both.seen_to(frozenset()).reasons == {NOT_DISCHARGED}


def test_a_no_stays_the_no_it_was() -> None:
    no = Decision(False, frozenset({"consent_withdrawn"}))
    assert no.seen_to(frozenset()) == no


def test_what_leaves_a_receipt_hands_it_over() -> None:
    """The answer of each such call has it, or the place by which `ProveDecision` gives it."""
    handed_over = {
        method.GetOptions().Extensions[access_pb2.access].audit: set(
            method.output_type.fields_by_name
        )
        for name in ("consents", "gate", "breach_procedure", "records", "walls", "releases")
        for service in importlib.import_module(
            f"sas.consent.v1.{name}_pb2"
        ).DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    for action in oracle.OBLIGATIONS["receipt"]:
        assert handed_over[action] & {"receipt", "ledger_index"}
    assert "receipt" in policy_pb2.DecisionProof.DESCRIPTOR.fields_by_name
