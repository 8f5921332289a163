"""Nobody can open a record without leaving a line that the student can later see."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import records_pb2

from common import caller
from common.errors import (
    InvalidFields,
    NotAvailable,
    OurFault,
    SecondFactorNeeded,
    SignInNeeded,
    TryAgain,
    WrongState,
)
from common.vault import decision
from tests.kit.house import Person, eventually
from tests.kit.planted import PREFIX
from tests.service.consent.deeds import Case, Item
from tests.service.consent.house import House, staff, student

OPEN = "RecordsService/OpenRecord"


def test_an_adviser_opens_notes_and_leaves_a_line(sas: House, case: Case) -> None:
    who, items = staff(), [case.item(), case.item()]
    opened = case.opened(who, *items)
    assert [key.item for key in opened.keys] == [item.name for item in items]
    assert [key.key for key in opened.keys] == [item.key.plaintext for item in items]
    entry = sas.last_entry(record=case.record)
    assert entry["index"] == opened.ledger_index
    assert (entry["action"], entry["effect"], entry["actor"]) == (
        "case_note:read",
        "allow",
        who.name,
    )
    assert entry["items"] == [item.name for item in items]
    assert len(entry["trace"]) == 32
    assert entry["clauses"] == ["R10"]


def test_each_opening_stands_in_both_logs_under_one_name(sas: House, case: Case) -> None:
    """The ledger entry and Vault's own audit line carry the same decision and the same trace."""
    case.opened(staff(), case.item())
    entry = sas.last_entry(record=case.record)
    uuid = case.record.partition("/")[2]
    lines = [
        line["request"]
        for line in sas.audit()
        if line["type"] == "request" and line["request"]["path"] == f"rk-case/decrypt/{uuid}"
    ]
    assert len(lines) == 1
    assert lines[0]["headers"]["x-sas-decision"] == [entry["entry"]]
    assert entry["trace"] in lines[0]["headers"]["traceparent"][0]


@pytest.mark.parametrize(
    ("who", "because"),
    [
        (staff("trustee"), ["not_staff_of_service"]),
        (staff("operator"), ["not_staff_of_service"]),
        (student(), ["not_ones_own_record", "not_staff_of_service", "purpose_not_fitting"]),
    ],
    ids=["trustee", "operator", "another student"],
)
def test_refused_and_absent_look_alike(
    sas: House, case: Case, who: Person, because: list[str]
) -> None:
    """R9: and both are written down."""
    there = sas.refusal(sas.cases, who, OPEN, case.to_open(case.item()))
    assert sas.last_entry(record=case.record)["reasons"] == because
    absent = f"records/{uuid4()}"
    not_there = sas.refusal(sas.cases, who, OPEN, case.to_open(case.item(), record=absent))
    assert "no_such_record" in sas.last_entry(record=absent)["reasons"]
    assert there == not_there


def test_a_wall_looks_like_absence(sas: House, case: Case) -> None:
    who = staff()
    case.walled(who)
    there = sas.refusal(sas.cases, who, OPEN, case.to_open(case.item()))
    assert sas.last_entry(record=case.record)["reasons"] == ["conflict_of_interest"]
    absent = case.to_open(case.item(), record=f"records/{uuid4()}")
    assert there == sas.refusal(sas.cases, who, OPEN, absent)


def test_staff_without_a_second_factor_are_told_to_use_it(sas: House, case: Case) -> None:
    with pytest.raises(SecondFactorNeeded):
        case.opened(staff(second_factor=False), case.item())
    assert sas.last_entry(record=case.record)["reasons"] == ["second_factor_missing"]


def test_nobody_opens_anything_without_a_caller_token(sas: House, case: Case) -> None:
    with pytest.raises(SignInNeeded):
        sas.call(None, sas.cases.records.OpenRecord, case.to_open(case.item()))


def test_the_gateway_opens_nothing(sas: House, case: Case) -> None:
    with pytest.raises(NotAvailable):
        sas.call(staff(), sas.gateway.records.OpenRecord, case.to_open(case.item()))


def test_identity_opens_no_case(sas: House, case: Case) -> None:
    with pytest.raises(NotAvailable):
        sas.call(staff(), sas.identity.records.OpenRecord, case.to_open(case.item()))
    assert sas.last_entry(record=case.record)["reasons"] == ["asked_by_another_service"]


def test_a_student_opens_their_registration_form_and_not_their_notes(sas: House) -> None:
    who = student()
    uuid = who.name.partition("/")[2]
    vault = sas.vaults["identity-serve"]
    vault.create_record_key("rk-registration", uuid)
    form = f"registration-forms/{uuid}"
    key = vault.new_data_key("rk-registration", uuid, form)
    sas.identity.records.RegisterRecord(
        records_pb2.RegisterRecordRequest(
            record=f"records/{uuid}",
            kind=records_pb2.RECORD_KIND_REGISTRATION_FORM,
            student=who.name,
        )
    )
    opened = sas.call(
        who,
        sas.identity.records.OpenRecord,
        records_pb2.OpenRecordRequest(
            record=f"records/{uuid}",
            action="registration_form:read",
            purpose=purpose_pb2.PURPOSE_OWN_RECORD,
            items=[records_pb2.SealedItem(item=form, wrapped_key=key.wrapped)],
            about=form,
        ),
    )
    assert opened.keys[0].key == key.plaintext
    case = Case.open(sas, who)
    with pytest.raises(NotAvailable):
        case.opened(who, case.item(), purpose=purpose_pb2.PURPOSE_OWN_RECORD)


def test_an_item_of_another_record_does_not_open(sas: House, case: Case) -> None:
    """A wrapped key that was moved to another row is refused by Vault, after the entry."""
    other = Case.open(sas)
    with pytest.raises(OurFault):
        case.opened(staff(), other.item())
    renamed = attrs.evolve(case.item(), name=f"notes/{uuid4()}")
    with pytest.raises(OurFault):
        case.opened(staff(), renamed)


@pytest.mark.parametrize(
    "words", ["notes/jane smith", "Jane", "notes/jane", "", "x" * 121, "notes/ünï"]
)
def test_words_do_not_enter_the_ledger_by_a_name(case: Case, words: str) -> None:
    with pytest.raises(InvalidFields):
        case.opened(staff(), case.item(), about=words or "-")
    with pytest.raises(InvalidFields):
        case.opened(staff(), attrs.evolve(case.item(), name=words))


@pytest.mark.parametrize("action", ["disclosure:send", "report:freeze", "case_note:write"])
def test_only_what_opens_a_record_opens_a_record(case: Case, action: str) -> None:
    with pytest.raises(InvalidFields):
        case.opened(staff(), case.item(), action=action)


# Making records known


def register(sas: House, record: str, **fields: Any) -> None:
    kind = fields.pop("kind", records_pb2.RECORD_KIND_CASE)
    request = records_pb2.RegisterRecordRequest(record=record, kind=kind, **fields)
    sas.cases.records.RegisterRecord(request)


def test_a_record_is_made_known_once_and_for_one_student(sas: House, case: Case) -> None:
    register(sas, case.record, student=case.student.name)
    with pytest.raises(WrongState):
        register(sas, case.record, student=student().name)
    with pytest.raises(WrongState):
        register(sas, case.record, student=case.student.name, kind=records_pb2.RECORD_KIND_ENQUIRY)


def test_a_service_makes_known_only_what_it_keeps(sas: House) -> None:
    kind = records_pb2.RECORD_KIND_REGISTRATION_FORM
    with pytest.raises(NotAvailable):
        register(sas, f"records/{uuid4()}", student=student().name, kind=kind)


def test_a_record_belongs_to_a_known_one_of_the_same_student(sas: House, case: Case) -> None:
    kind = records_pb2.RECORD_KIND_BREACH
    with pytest.raises(NotAvailable):
        register(sas, f"records/{uuid4()}", parent=f"records/{uuid4()}", kind=kind)
    with pytest.raises(WrongState):
        register(sas, f"records/{uuid4()}", parent=case.record, kind=kind, student=student().name)


# When a server is away


def test_without_vault_nothing_is_opened_and_the_line_stands(sas: House, case: Case) -> None:
    """When Vault can't answer, the answer is no; a line too many is harmless."""
    item, who = case.item(), staff()
    sas.call(who, sas.cases.records.OpenRecord, case.to_open(item))  # caller's key is known
    request = case.to_open(item)
    person = sas.token_of(who)
    with sas.without("vault"), pytest.raises(TryAgain), caller.calling(person):
        sas.cases.records.OpenRecord(request)
    lines = sas.sql("select effect from entries where record = %s", case.record)
    assert lines == [("allow",), ("allow",)]
    eventually(lambda: _opens(case, item))


def _opens(case: Case, item: Item) -> bool:
    try:
        case.opened(staff(), item)
    except TryAgain:
        return False
    return True


def test_a_record_that_was_disposed_of_a_moment_ago_looks_like_none(sas: House, case: Case) -> None:
    """R27: its key is gone before consent is told so; nobody can tell that from what never was."""
    item = case.item()
    sas.vault("cases-work").destroy_record_key("rk-case", case.record.removeprefix("records/"))
    gone, absent = (
        sas.refusal(sas.cases, staff(), "RecordsService/OpenRecord", case.to_open(item, **changes))
        for changes in ({}, {"record": f"records/{uuid4()}"})
    )
    assert gone == absent


def test_what_is_opened_past_consent_is_found_when_these_tests_end(sas: House, case: Case) -> None:
    """Every house compares Vault's log with its ledger as it closes; here is what it would find."""
    item = case.item()
    case.opened(staff(), item)
    named = f"{PREFIX}of-a-house"
    with decision(named):
        key = sas.vault("consent-serve").unwrap_keys(
            "rk-case", case.record.removeprefix("records/"), [(item.name, item.key.wrapped)]
        )
    assert key == [item.key.plaintext]
    found = [each for each in sas.unexplained() if each.opening.record == case.record]
    assert [(each.problem, each.opening.decision) for each in found] == [
        ("not in the ledger", named)
    ]
