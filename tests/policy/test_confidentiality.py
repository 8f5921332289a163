"""The confidentiality policy, scenario by scenario, against the bare policy file."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import attrs
import cedarpy
import pytest

from services.consent.domain.facts import THIRD_PARTY, Record, Who
from services.consent.policies.engine import CANNOT_DECIDE, NOT_PERMITTED, Policy, PolicyBroken
from services.consent.policies.questions import OPENING, to_open
from tests.policy.scenarios import ACTIONS, Scenario, load_all

SCENARIOS = load_all(Path(__file__).parent)
_FOLDER = resources.files("services.consent.policies")
POLICIES = (_FOLDER / "confidentiality.cedar").read_text("utf-8")
SCHEMA = (_FOLDER / "confidentiality.cedarschema").read_text("utf-8")
PARSED = json.loads(cedarpy.policies_to_json_str(POLICIES))["staticPolicies"]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def holds(policy: Policy, scenario: Scenario) -> bool:
    decision = policy.decide(scenario.question)
    return decision.allowed == scenario.may and decision.reasons == scenario.because


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: f"{each.file}: {each.name}")
def test_scenario(policy: Policy, scenario: Scenario) -> None:
    decision = policy.decide(scenario.question)
    assert (decision.allowed, decision.reasons) == (scenario.may, scenario.because)


def test_every_reason_is_given_in_a_scenario(policy: Policy) -> None:
    given = frozenset[str]().union(*(scenario.because for scenario in SCENARIOS))
    assert given == policy.reasons


def test_every_action_is_allowed_once_and_refused_once() -> None:
    for may in (True, False):
        assert {each.question.action for each in SCENARIOS if each.may is may} == ACTIONS


ANYBODY = [
    THIRD_PARTY,
    Who("students/somebody", "student"),
    Who("staffMembers/somebody", "staff"),
    *(
        Who("staffMembers/somebody", "staff", frozenset({role}), factor)
        for role in ("adviser", "manager", "trustee", "operator")
        for factor in (True, False)
    ),
]


def test_no_refusal_is_silent_whoever_asks(policy: Policy) -> None:
    for scenario in SCENARIOS:
        for who in (scenario.question.who, *ANYBODY):
            decision = policy.decide(attrs.evolve(scenario.question, who=who))
            assert decision.allowed != bool(decision.reasons)
            assert not decision.reasons & {NOT_PERMITTED, CANNOT_DECIDE}


def test_only_the_team_with_a_second_factor_ever_gets_what_is_for_the_team(policy: Policy) -> None:
    """Whatever else the facts are: nobody else reads, sends, breaches, disposes or releases."""
    for scenario in SCENARIOS:
        for who in ANYBODY:
            if policy.decide(attrs.evolve(scenario.question, who=who)).allowed:
                team = {"adviser", "manager"} & who.roles and who.second_factor
                own = {"disclosure:preview", "registration_form:read", "access_list:read"}
                own |= {"name_request:make", "name_request:read", "staff_name:release"}
                if not team:
                    assert scenario.question.action in {"disclosure:collect", *own}
                    assert who is THIRD_PARTY or who.kind == "student"


@pytest.mark.parametrize("left_out", PARSED, ids=lambda key: PARSED[key]["annotations"]["id"])
def test_no_policy_can_be_left_out(left_out: str) -> None:
    """Delete any one policy from the file, and some scenario fails."""
    parts = cedarpy.policies_from_json_str(
        json.dumps(
            {
                "staticPolicies": {k: v for k, v in PARSED.items() if k != left_out},
                "templates": {},
                "templateLinks": [],
            }
        )
    )
    mutant = Policy(parts, SCHEMA)
    assert not all(holds(mutant, scenario) for scenario in SCENARIOS)


def test_a_question_that_does_not_fit_the_schema_is_refused(policy: Policy) -> None:
    who = Who("staffMembers/1", "staff", frozenset({"adviser"}), second_factor=True)
    question = to_open(
        who, "case_note:delete", Record("records/1", "case"), "advice", frozenset(), ""
    )
    decision = policy.decide(question)
    assert not decision.allowed
    assert CANNOT_DECIDE in decision.reasons


def test_every_opening_is_an_action_of_the_schema() -> None:
    assert OPENING <= ACTIONS


def test_an_entry_can_name_the_very_policy_that_decided(policy: Policy) -> None:
    assert policy.sha256 == Policy(POLICIES, SCHEMA).sha256
    assert policy.sha256 != Policy(POLICIES + "\n// changed", SCHEMA).sha256


@pytest.mark.parametrize(
    "broken",
    [
        "permit (principal, action, resource);",
        '@id("x") @clause("R1") forbid (principal, action, resource);',
        '@id("x") @clause("R1") @deny("y") permit (principal, action, resource);',
        '@id("x") @clause("R1") permit (principal, action == SAS::Action::"no:such", resource);',
        '@id("x") @clause("R1") permit (principal, action, resource) when { context.no_such };',
        "not a policy",
    ],
)
def test_a_policy_that_is_not_whole_is_not_served(broken: str) -> None:
    with pytest.raises(PolicyBroken):
        Policy(broken, SCHEMA)


@pytest.mark.parametrize("action", ["case_note:read", "no:such"])
def test_a_question_that_does_not_fit_is_a_no_and_spoils_nothing(action: str) -> None:
    """The first question about an action finds the policies for it; a wrong one must not."""
    policy = Policy.load()
    record = Record("records/1", "case", "students/1")
    reader = Who("staffMembers/1", "staff", frozenset({"adviser"}), second_factor=True)
    right = to_open(reader, "case_note:read", record, "advice", frozenset(), "cases", None)
    wrong = attrs.evolve(right, action=action, context={"purpose": 3})
    assert policy.decide(wrong).reasons == {CANNOT_DECIDE}
    assert policy.decide(right).allowed
    assert policy.decide(wrong).reasons == {CANNOT_DECIDE}
    stranger = attrs.evolve(right, who=Who("students/2", "student"))
    assert not policy.decide(stranger).allowed
