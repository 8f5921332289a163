"""
The name behind a line of a student's list: told by identity, once consent says that it was decided.

R24: complying with GDPR. How it is balanced is in `service/consent/test_name_requests.py`.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sas.common.v1 import naming_pb2
from sas.consent.v1 import (
    ledger_pb2,
    ledger_pb2_grpc,
    name_procedure_pb2,
    name_procedure_pb2_grpc,
)
from sas.identity.v1 import staff_members_pb2

from common.caller import Caller, calling
from common.errors import NotAvailable, RefusedByPolicy
from tests.service.identity.house import House, refusal


def tell(house: House, who: Caller, name: str) -> str:
    """Ask identity for the name."""
    with calling(who):
        found = house.staff_members.GetReleasedName(
            staff_members_pb2.GetReleasedNameRequest(name=name)
        )
    return str(found.display_name)


def asked(house: House, adviser: Caller, student: Caller) -> str:
    """Let an adviser open the student's form, and the student ask who it was."""
    house.open_form(adviser, student.person)
    ledger = house.peer("consent").stub(ledger_pb2_grpc.LedgerServiceStub)
    with calling(student):
        page = ledger.ListAccesses(ledger_pb2.ListAccessesRequest())
        (line, *_) = [each for each in page.accesses if each.role == "adviser"]
        name = f"nameRequests/{uuid4()}"
        procedure(house).AuthoriseNameRequest(
            name_procedure_pb2.AuthoriseNameRequestRequest(
                name=name, line=line.name, payload_digest="a" * 64
            )
        )
    return name


def decide(house: House, manager: Caller, name: str, **changes: Any) -> None:
    """Decide that the student is told."""
    said: dict[str, Any] = {
        "name": name,
        "answer": naming_pb2.NAME_ANSWER_RELEASE,
        "grounds": [naming_pb2.NAME_GROUND_ESSENTIAL_FOR_RIGHTS],
        "not_heard": naming_pb2.NOT_HEARD_LEFT_THE_SERVICE,
        "about": f"nameDecisions/{uuid4()}",
        "payload_digest": "b" * 64,
    }
    with calling(manager):
        procedure(house).AuthoriseNameDecision(
            name_procedure_pb2.AuthoriseNameDecisionRequest(**said | changes)
        )


def procedure(house: House) -> Any:
    """Give consent's procedure, as cases has it."""
    return house.peer("consent", "cases-serve").stub(
        name_procedure_pb2_grpc.NameProcedureServiceStub
    )


def test_a_name_is_told_once_it_was_decided(
    house: House, adviser: Caller, manager: Caller, student: Caller
) -> None:
    name = asked(house, adviser, student)
    with pytest.raises(RefusedByPolicy) as refused:
        tell(house, student, name)
    assert refused.value.reasons == ("name_not_released",)
    decide(house, manager, name)
    assert tell(house, student, name) == "Ada Whitfield"


def test_a_name_that_is_withheld_is_not_told(
    house: House, adviser: Caller, manager: Caller, student: Caller
) -> None:
    name = asked(house, adviser, student)
    no = naming_pb2.NAME_ANSWER_WITHHOLD
    decide(house, manager, name, answer=no, grounds=[naming_pb2.NAME_GROUND_LIST_IS_ENOUGH])
    with pytest.raises(RefusedByPolicy):
        tell(house, student, name)


def test_nobody_else_is_told_and_what_is_not_theirs_looks_like_nothing(
    house: House, adviser: Caller, manager: Caller, student: Caller
) -> None:
    """R9: also to another student who has the name of the request."""
    name = asked(house, adviser, student)
    decide(house, manager, name)
    other = house.caller(house.sign_in("student-two"))
    refusals = set()
    for each in (name, f"nameRequests/{uuid4()}"):
        with pytest.raises(NotAvailable) as refused:
            tell(house, other, each)
        refusals.add(refusal(refused))
    assert len(refusals) == 1
    with pytest.raises(RefusedByPolicy):
        tell(house, manager, name)
    with pytest.raises(NotAvailable):
        tell(house, student, f"nameRequests/{uuid4()}")


def test_the_answer_holds_a_name_and_nothing_by_which_other_lines_could_be_told_apart() -> None:
    fields = staff_members_pb2.ReleasedName.DESCRIPTOR.fields
    assert [each.name for each in fields] == ["display_name"]
