"""Case notes, with the real servers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.consent.v1 import walls_pb2

from common.errors import InvalidFields, NotAvailable, OurFault, ServiceError, TryAgain
from tests.kit.house import Person
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import CANARY, Office, to_read


def test_a_note_comes_back_as_it_was_written(office: Office, zoe: Person) -> None:
    """R15: "electronic record of the student's situation, advice offered and action taken"."""
    case = office.opens_case(zoe)
    note = office.writes_note(case.name)
    read = office.reads_note(note.name)
    assert (read.situation, read.advice_offered) == (f"{CANARY} situation", f"{CANARY} advice")
    assert read.author == office.who.name
    assert read.complete


def test_a_note_that_lacks_a_part_is_a_draft_and_one_without_words_is_none(
    office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe)
    assert not office.writes_note(case.name, action_taken="").complete
    with pytest.raises(InvalidFields):
        office.writes_note(case.name, situation="", advice_offered=" ", action_taken="")


def test_a_correction_is_another_note_about_the_same_contact(office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe, contact_date="2020-01-01")
    first = office.writes_note(case.name, contact_date="2020-01-02")
    second = office.writes_note(case.name, corrects=first.name)
    assert (second.corrects, second.contact_date) == (first.name, "2020-01-02")
    other = office.opens_case(zoe)
    with pytest.raises(InvalidFields):
        office.writes_note(other.name, corrects=first.name)


def test_an_unknown_note_and_a_forbidden_one_are_refused_with_the_same_bytes(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9, R10: outside the Service, refusal and absence look alike; so they do behind a wall."""
    case = office.opens_case(zoe)
    note = office.writes_note(case.name)
    unknown = f"notes/{uuid4()}"
    walled = adviser()
    wall = walls_pb2.DeclareWallRequest(
        staff_member=walled.name,
        record=f"records/{case.name.partition('/')[2]}",
        request_id=str(uuid4()),
    )
    sas.call(walled, sas.walls.DeclareWall, wall)
    outsiders = [
        student(),
        walled,
        adviser(roles=frozenset({"trustee"}), permissions=frozenset({"ledger:verify"})),
    ]
    refusals = [
        sas.refusal(who, "CaseNotesService/GetCaseNote", to_read(name))
        for who in outsiders
        for name in (note.name, unknown)
    ]
    refusals.append(sas.refusal(office.who, "CaseNotesService/GetCaseNote", to_read(unknown)))
    assert len(set(refusals)) == 1


def test_a_ciphertext_in_another_row_does_not_open(sas: House, office: Office, zoe: Person) -> None:
    """R17: each is bound to its place; whoever moves one gets an error and no word."""
    case = office.opens_case(zoe)
    one = office.writes_note(case.name, situation="the first")
    other = office.writes_note(case.name, situation="the second")
    one_id, other_id = (each.name.partition("/")[2] for each in (one, other))
    sas.sql(
        "update notes set wrapped_key = o.wrapped_key, sealed = o.sealed from notes o"
        " where o.id = %s and notes.id = %s",
        other_id,
        one_id,
    )
    with pytest.raises(ServiceError) as refused:
        office.reads_note(one.name)
    assert isinstance(refused.value, OurFault | TryAgain | NotAvailable)
    sas.sql("update notes set sealed = sealed || '\\x00' where id = %s", other_id)
    with pytest.raises(OurFault):
        office.reads_note(other.name)
