"""`sas policy explain`: may they, and why not, of decisions that were made and that would be."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.consent.v1 import policy_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, SecondFactorNeeded
from services.consent.actions import explaining
from services.consent.domain.facts import Who
from services.consent.policies.engine import Policy
from tests.kit.house import Person
from tests.policy.the_policy import POLICIES, SCHEMA
from tests.service.consent.breaching import Breach
from tests.service.consent.deeds import Case, Letter, accesses
from tests.service.consent.house import House, in_days, staff, student


def explained(sas: House, who: Person, name: str) -> policy_pb2.Explanation:
    request = policy_pb2.ExplainDecisionRequest(name=name)
    return sas.call(who, sas.gateway.policy.ExplainDecision, request)


def foreseen(
    sas: House, who: Person, action: str, name: str, **fields: Any
) -> policy_pb2.Explanation:
    request = policy_pb2.ForeseeDecisionRequest(action=action, name=name, **fields)
    return sas.call(who, sas.gateway.policy.ForeseeDecision, request)


def codes(found: policy_pb2.Explanation) -> list[str]:
    return [each.code for each in found.reasons]


def decision(entry: dict[str, Any]) -> str:
    return f"decisions/{entry['entry']}"


# What was decided


def test_a_refusal_is_explained_in_the_policys_words(sas: House) -> None:
    """May they, and why not: each reason as a sentence, with the sentence of the policy behind."""
    letter = Letter.write(sas)
    letter.asked()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    entry = sas.last_entry(action="disclosure:send", disclosure=letter.disclosure)
    assert refused.value.decision == decision(entry)
    found = explained(sas, letter.adviser, refused.value.decision)
    assert (found.action, found.person) == ("disclosure:send", letter.adviser.name)
    assert not found.allowed
    assert [(each.code, each.sentence, each.clause) for each in found.reasons] == [
        ("consent_not_given", "The student has not said yes.", "R7")
    ]
    assert found.clauses == ["R7"]
    assert (found.policy, found.policy_in_force) == (entry["policy_set"], True)
    by_place = explained(sas, letter.adviser, f"decisions/{entry['index']}")
    assert by_place == found


def test_a_yes_is_explained_with_what_followed(sas: House, case: Case) -> None:
    who = staff()
    opened = case.opened(who, case.item())
    found = explained(sas, who, f"decisions/{opened.ledger_index}")
    assert found.allowed
    assert codes(found) == []
    assert list(found.obligations) == ["record"]


def test_who_asked_and_a_manager_may_know_and_nobody_else(sas: House, case: Case) -> None:
    who = staff()
    name = f"decisions/{case.opened(who, case.item()).ledger_index}"
    assert explained(sas, staff("manager"), name).person == who.name
    for other in (staff(), staff("trustee"), staff("operator"), case.student, student()):
        with pytest.raises(NotAvailable):
            explained(sas, other, name)
    with pytest.raises(SecondFactorNeeded):
        explained(sas, attrs.evolve(who, second_factor=False), name)


def test_that_it_was_explained_is_a_line_the_student_sees(sas: House, case: Case) -> None:
    """R10: who, when and why, also of this."""
    who = staff()
    name = f"decisions/{case.opened(who, case.item()).ledger_index}"
    explained(sas, who, name)
    entry = sas.last_entry(record=case.record)
    assert (entry["action"], entry["effect"]) == ("decision:explain", "allow")
    assert entry["details"] == {"explained": "case_note:read"}
    assert accesses(sas, case.student)[0].action == "decision:explain"


def test_behind_a_wall_a_decision_looks_like_one_that_never_was(sas: House, case: Case) -> None:
    """R9: one's own refusal, one's own yes from before, and no decision at all: the same bytes."""
    who = staff()
    before = case.opened(who, case.item()).ledger_index
    case.walled(who)
    with pytest.raises(NotAvailable):
        case.opened(who, case.item())
    because_of_the_wall = sas.last_entry(record=case.record, effect="deny")
    nowhere = Case(sas, student(), f"records/{uuid4()}")
    with pytest.raises(NotAvailable):
        nowhere.opened(who)
    about_nothing = sas.last_entry(record=nowhere.record)
    refusals = [
        sas.refusal(
            sas.gateway,
            who,
            "PolicyService/ExplainDecision",
            policy_pb2.ExplainDecisionRequest(name=name),
        )
        for name in (
            f"decisions/{before}",
            decision(because_of_the_wall),
            decision(about_nothing),
            f"decisions/{uuid4()}",
            "decisions/999999999999999999",
        )
    ]
    assert all(each == refusals[0] for each in refusals)
    assert (
        explained(sas, staff("manager"), decision(because_of_the_wall)).reasons[0].clause == "R10"
    )


def test_what_is_hidden_from_a_student_is_explained_behind_their_back(
    sas: House, breach: Breach
) -> None:
    """R35: a line about a hidden breach is hidden, also the line that somebody asked about it."""
    breach.under_38b()
    breach.advised_and_decided()
    shown = accesses(sas, breach.case.student)
    entry = sas.last_entry(action="breach:decide", breach=breach.name)
    assert explained(sas, breach.ada, decision(entry)).allowed
    foreseen(sas, breach.ada, "breach:decide", breach.name)
    for action in ("decision:explain", "decision:foresee"):
        assert sas.last_entry(action=action)["breach"] == breach.name
    assert accesses(sas, breach.case.student) == shown


def test_a_decision_by_an_earlier_policy_says_so(sas: House, case: Case) -> None:
    who = staff()
    place = case.opened(who, case.item()).ledger_index
    with sas.parts(lambda: in_days(0)) as parts:
        newer = attrs.evolve(parts, policy=Policy(POLICIES + "// newer\n", SCHEMA))
        me = Who(who.name, "staff", frozenset({"adviser"}), second_factor=True)
        found = explaining.explain_decision(newer, me, f"decisions/{place}")
        assert found.policy_set == parts.policy.sha256 != newer.policy.sha256


# What would be decided


def test_what_would_be_decided_is_what_is_decided(sas: House) -> None:
    """The real facts, through the real policy; and nothing of the action itself is written."""
    letter = Letter.write(sas)
    adviser = letter.adviser
    consent = letter.asked()
    for expected, then in (
        (["consent_not_given"], letter.previewed),
        (["consent_not_given"], lambda: letter.given(consent)),
        ([], lambda: letter.withdrawn(consent)),
        (["consent_withdrawn"], lambda: None),
    ):
        found = foreseen(sas, adviser, "disclosure:send", letter.disclosure)
        assert (codes(found), found.allowed) == (expected, not expected)
        # Whether others are hidden in the file, only cases knows, and only when it is to leave.
        unless = [each.code for each in found.unless]
        assert unless == ([] if expected else ["others_not_redacted"])
        assert found.name == ""
        then()
    count = "select count(*) from entries where action = %s and disclosure = %s"
    assert sas.sql(count, "disclosure:send", letter.disclosure) == [(0,)]
    assert letter.case.sas.last_entry(action="decision:foresee")["details"] == {
        "foreseen": "disclosure:send",
        "for": adviser.name,
        "answer": "deny",
    }


@pytest.mark.parametrize(
    ("action", "reasons"),
    [("case_note:read", []), ("enquiry:read", ["record_of_another_kind"])],
)
def test_a_staff_member_foresees_what_they_may_open(
    sas: House, case: Case, action: str, reasons: list[str]
) -> None:
    who = staff()
    name = case.record.replace("records/", "cases/")
    assert codes(foreseen(sas, who, action, name)) == reasons
    assert sas.sql(
        "select count(*) from entries where action = %s and record = %s", action, case.record
    ) == [(0,)]
    assert [each.action for each in accesses(sas, case.student)] == ["decision:foresee"]


def test_what_a_breach_still_needs_is_foreseen(sas: House, breach: Breach) -> None:
    breach.told(serious=True)
    assert "advice_missing" in codes(foreseen(sas, breach.ada, "breach:decide", breach.name))
    other = foreseen(sas, staff("manager"), "breach:decide", breach.name)
    assert "not_the_staff_member_involved" in codes(other)


def test_a_manager_foresees_for_a_colleague_and_an_adviser_for_nobody_else(
    sas: House, case: Case
) -> None:
    colleague, manager = staff(), staff("manager")
    case.walled(colleague)
    asked = {"action": "case_note:read", "name": case.record, "staff_member": colleague.name}
    assert codes(foreseen(sas, manager, **asked)) == ["conflict_of_interest"]
    assert codes(foreseen(sas, manager, **asked | {"staff_member": staff().name})) == []
    with pytest.raises(RefusedByPolicy) as refused:
        foreseen(sas, staff(), **asked)
    assert refused.value.reasons == ("decision_of_another",)
    entry = sas.last_entry(record=case.record)
    assert (entry["action"], entry["effect"]) == ("decision:foresee", "deny")


def test_a_dry_run_does_not_tell_what_a_real_one_would_not(sas: House, case: Case) -> None:
    """R9: to whoever is walled off or outside, what is there looks like what never was."""
    walled = staff()
    case.walled(walled)
    for who in (walled, staff("trustee"), student(), case.student):
        refusals = [
            sas.refusal(
                sas.gateway,
                who,
                "PolicyService/ForeseeDecision",
                policy_pb2.ForeseeDecisionRequest(action="case_note:read", name=name),
            )
            for name in (case.record, f"records/{uuid4()}", f"cases/{uuid4()}")
        ]
        assert all(each == refusals[0] for each in refusals)


def test_what_no_student_was_asked_about_is_not_there(sas: House) -> None:
    with pytest.raises(NotAvailable):
        foreseen(sas, staff(), "disclosure:send", f"disclosures/{uuid4()}")


@pytest.mark.parametrize(
    ("action", "collection", "field"),
    [
        ("record:dispose", "cases", "action"),
        ("consent:give", "disclosures", "action"),
        ("disclosure:send", "cases", "name"),
        ("case_note:read", "disclosures", "name"),
    ],
)
def test_what_can_not_be_foreseen_is_said_to_be_so(
    sas: House, action: str, collection: str, field: str
) -> None:
    with pytest.raises(InvalidFields) as wrong:
        foreseen(sas, staff(), action, f"{collection}/{uuid4()}")
    assert set(wrong.value.violations) == {field}
