"""Where an action does not see to what the policy asks for with a yes, nothing happens."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from sas.consent.v1 import breach_procedure_pb2, ledger_pb2, policy_pb2

from common.errors import NotAvailable, RefusedByPolicy
from services.consent.actions import answers
from services.consent.domain.facts import Who
from services.consent.domain.ledger.entry import parse
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.receipt import Receipt
from services.consent.policies.engine import Policy
from tests.kit.house import Person
from tests.policy.the_policy import POLICIES, SCHEMA
from tests.service.consent.breaching import Breach
from tests.service.consent.deeds import DIGEST, Letter, accesses
from tests.service.consent.house import House, in_days, staff


def test_a_yes_without_what_has_to_follow_is_refused_and_written_down(sas: House) -> None:
    """A policy that asks for one thing more than the code does: fail closed, not open."""
    letter = Letter.write(sas)
    consent = letter.asked()
    letter.previewed()
    stricter = Policy(
        POLICIES.replace("notify for consent:refuse", "notify for consent:give, consent:refuse"),
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
    assert (entry["effect"], entry["obligations"]) == ("deny", ["notify", "receipt", "record"])
    with pytest.raises(RefusedByPolicy):
        letter.sent()


def test_the_entry_says_what_has_to_follow(sas: House) -> None:
    letter = Letter.write(sas)
    consent = letter.agreed()
    letter.sent()
    letter.withdrawn(consent)
    for action, obligations in (
        ("disclosure:preview", ["record"]),
        ("consent:give", ["receipt", "record"]),
        ("disclosure:send", ["receipt", "record", "redact"]),
        ("consent:withdraw", ["notify", "record"]),
    ):
        entry = sas.last_entry(action=action, disclosure=letter.disclosure)
        assert entry["obligations"] == obligations


def test_where_others_are_marked_and_not_hidden_nothing_leaves(sas: House) -> None:
    """R3: an undischarged redaction is a refusal, which says what to do, and no key is given."""
    letter = Letter.write(sas)
    letter.agreed()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent(redacted=False)
    assert refused.value.reasons == ("others_not_redacted",)
    assert refused.value.in_words == (
        "Others are marked in it and would be seen: make it again, with a redaction. (R3)",
    )
    entry = sas.last_entry(action="disclosure:send", disclosure=letter.disclosure)
    assert (entry["effect"], entry["reasons"]) == ("deny", ["others_not_redacted"])
    assert letter.sent().keys


def test_who_sent_it_can_prove_it_at_any_time(sas: House) -> None:
    """ledger.md: a receipt for each disclosure, which anybody can check without us."""
    letter = Letter.write(sas)
    letter.agreed()
    name = f"decisions/{letter.sent().ledger_index}"
    entry = proved(sas, letter.adviser, name)
    assert (entry["action"], entry["effect"]) == ("disclosure:send", "allow")
    assert entry["actor"] == letter.adviser.name
    assert sas.last_entry(record=letter.case.record)["details"] == {"proved": "disclosure:send"}
    for other in (staff(), letter.case.student, staff("trustee")):
        with pytest.raises(NotAvailable):
            proved(sas, other, name)


def test_who_broke_confidentiality_can_prove_what_they_decided(sas: House, breach: Breach) -> None:
    """R37, R38: and on which facts; the student's list hides that too, where it must."""
    breach.under_38b()
    breach.advised_and_decided()
    request = breach_procedure_pb2.GetBreachProcedureRequest(name=breach.name)
    found = sas.call(breach.ada, sas.gateway.procedure.GetBreachProcedure, request)
    entry = proved(sas, breach.ada, found.decision)
    assert (entry["action"], entry["breach"]) == ("breach:decide", breach.name)
    assert entry["obligations"] == ["receipt", "record"]
    assert accesses(sas, breach.case.student) == []


def proved(sas: House, who: Person, name: str) -> dict[str, Any]:
    """Have a decision proved, check the proof with the ledger's key alone, and read the entry."""
    request = policy_pb2.ProveDecisionRequest(name=name)
    proof = sas.call(who, sas.gateway.policy.ProveDecision, request)
    checkpoint = ledger_pb2.GetCheckpointRequest()
    key = sas.call(staff(), sas.gateway.ledger.GetCheckpoint, checkpoint).public_key
    Receipt.parse(proof.receipt).verify(proof.entry.encode(), VerifierKey.parse(key))
    return parse(proof.entry.encode())
