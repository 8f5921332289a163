"""Students and their registration forms: sealed, found without reading, opened by consent only."""

from __future__ import annotations

import json
import secrets
from uuid import uuid4

import pytest
from sas.identity.v1 import students_pb2

from common.caller import Caller, calling
from common.errors import NotAvailable, ServiceError, StaleEtag, WrongState
from common.vault import VaultDenied
from deploy.vault import idp
from services.identity.actions import students
from tests.service.identity.house import House, refusal

FORM = {
    "full_name": "Zoë Canary-Ångström",
    "preferred_name": "Canary Zo",
    "crsid": "ZC4242@cam.ac.uk",
    "college": "newnham",
    "faculty": "history",
    "level": "undergraduate",
    "contact": "canary, evenings",
}


def uuid_of(name: str) -> str:
    return name.partition("/")[2]


def test_a_form_is_kept_as_ciphertext_only(house: House, adviser: Caller) -> None:
    """R17, R23: the database's superuser reads nothing; the staff member reads all of it."""
    registered = house.register(adviser, **FORM)
    stored = house.everything("registration_forms", "students", "crsids", "outbox", "requests")

    for words in (*FORM.values(), "Canary", "zc4242", "Ångström"):
        assert words not in stored
        assert words.encode().hex() not in stored
    form = house.open_form(adviser, registered.name)
    assert {field: getattr(form, field) for field in FORM} == FORM


def test_a_form_in_another_students_place_does_not_open(house: House, adviser: Caller) -> None:
    """R17: a ciphertext moved to another row is rejected."""
    mine = house.register(adviser, full_name="A").name
    others = house.register(adviser, full_name="B").name
    with house.connect() as connection:
        connection.execute(
            "update registration_forms a set wrapped_key = b.wrapped_key, sealed = b.sealed"
            " from registration_forms b where a.student_id = %s and b.student_id = %s",
            (uuid_of(mine), uuid_of(others)),
        )

    with pytest.raises(ServiceError):
        house.open_form(adviser, mine)
    assert house.open_form(adviser, others).full_name == "B"


def test_identity_can_open_nothing_by_itself(house: House, adviser: Caller) -> None:
    """Who steals this service, with its database and its Vault login, opens nothing."""
    uuid = uuid_of(house.register(adviser, **FORM).name)
    ((wrapped,),) = house.sql(
        "select wrapped_key from registration_forms where student_id = %s", uuid
    )

    with pytest.raises(VaultDenied):
        house.own_vault.unwrap_keys(
            "rk-registration", uuid, [(f"registration-forms/{uuid}", wrapped)]
        )


def test_a_student_is_found_by_crsid_however_it_is_typed(house: House, adviser: Caller) -> None:
    name = house.register(adviser, crsid="fab277").name

    assert house.find(adviser, "fab277") == name
    assert house.find(adviser, " FAB277@cam.ac.uk ") == name
    assert house.find(adviser, "fab278") == ""


def test_a_student_is_found_in_the_next_academic_year(house: House, adviser: Caller) -> None:
    name = house.register(adviser, crsid="old277").name

    with house.clock.later(days=365):
        found = students.find(house.parts, "old277")

    assert found is not None
    assert found.name == name


def test_a_corrected_crsid_finds_and_the_wrong_one_no_more(house: House, adviser: Caller) -> None:
    name = house.register(adviser, crsid="wrg277").name
    house.complete_form(adviser, name, crsid="rgt277")

    assert house.find(adviser, "wrg277") == ""
    assert house.find(adviser, "rgt277") == name


def test_nobody_is_refused_for_a_missing_field(house: House, adviser: Caller) -> None:
    """R1."""
    registered = house.register(adviser)

    assert registered.registration_state == students_pb2.REGISTRATION_STATE_ASKED
    assert house.open_form(adviser, registered.name) == students_pb2.RegistrationForm()


def test_a_student_completes_and_reads_their_own_form(house: House, student: Caller) -> None:
    """R16, R23: "only be accessible to staff members … and the student"."""
    done = house.complete_form(student, student.person, **FORM)

    assert done.registration_state == students_pb2.REGISTRATION_STATE_COMPLETED
    assert house.open_form(student, student.person).full_name == FORM["full_name"]


def test_a_typed_crsid_that_is_not_theirs_finds_nobody(
    house: House, student: Caller, adviser: Caller
) -> None:
    """R14: what is noted about one student can't come to another who typed their CRSid."""
    house.complete_form(student, student.person, crsid="vic222")

    assert house.find(adviser, "vic222") == ""
    assert house.open_form(student, student.person).crsid == "vic222"


def test_a_student_meets_the_record_that_was_made_for_them(house: House, adviser: Caller) -> None:
    """Registered at the desk first, signed in later: one student, not two."""
    idp.add_account(house.state, "zq2317", secrets.token_urlsafe(16), "student", False)
    registered = house.register(adviser, crsid="zq2317", full_name="Registered at the desk")

    theirs = house.caller(house.sign_in("zq2317"))

    assert theirs.person == registered.name
    house.complete_form(theirs, theirs.person, crsid="ZQ2317")
    assert house.find(adviser, "zq2317") == registered.name


def test_the_form_of_another_and_of_nobody_look_alike(
    house: House, student: Caller, adviser: Caller
) -> None:
    """R9: refusal and absence can't be told apart."""
    others = house.register(adviser, **FORM).name
    answers = set()
    for name in (others, f"students/{uuid4()}", "students/" + "-" * 36):
        for call in (house.open_form, house.complete_form, house.decline_form):
            with pytest.raises(NotAvailable) as refused:
                call(student, name)
            answers.add(refusal(refused))

    assert len(answers) == 1


def test_a_staff_member_learns_no_more_of_nobody(house: House, adviser: Caller) -> None:
    for call in (house.open_form, house.complete_form, house.decline_form):
        with pytest.raises(NotAvailable):
            call(adviser, f"students/{uuid4()}")


def test_a_student_finds_and_registers_nobody(house: House, student: Caller) -> None:
    with pytest.raises(NotAvailable):
        house.find(student, "fab277")
    with pytest.raises(NotAvailable):
        house.register(student)


def test_a_form_changed_in_the_meantime_is_not_overwritten(house: House, adviser: Caller) -> None:
    first = house.register(adviser, full_name="One")
    second = house.complete_form(adviser, first.name, first.etag, full_name="Two")

    with pytest.raises(StaleEtag):
        house.complete_form(adviser, first.name, first.etag, full_name="Three")
    assert second.etag != first.etag
    assert house.open_form(adviser, first.name).full_name == "Two"


def test_saying_no_is_noted_and_can_be_taken_back(house: House, adviser: Caller) -> None:
    """R16: asked, completed or declined."""
    name = house.register(adviser).name
    declined = house.decline_form(adviser, name)
    completed = house.complete_form(adviser, name, full_name="After all")

    assert declined.registration_state == students_pb2.REGISTRATION_STATE_DECLINED
    assert completed.registration_state == students_pb2.REGISTRATION_STATE_COMPLETED
    with pytest.raises(WrongState):
        house.decline_form(adviser, name)


def test_a_repeated_call_registers_one_student(house: House, adviser: Caller) -> None:
    request = students_pb2.RegisterStudentRequest(request_id=str(uuid4()))
    with calling(adviser):
        first = house.students.RegisterStudent(request)
        second = house.students.RegisterStudent(request)

    assert first == second


def test_facts_leave_sealed_and_under_a_pseudonym(house: House, adviser: Caller) -> None:
    """R30: what reports gets leads back to nobody, and the broker sees ciphertext."""
    name = house.register(adviser, **FORM).name
    ((body,),) = house.sql("select body from outbox order by position desc limit 1")
    event = json.loads(body)

    assert event["sealed_facts"].startswith("vault:v")
    assert event["pseudonym"] == house.parts.index.pseudonym(name)
    assert uuid_of(name) not in body
    assert "newnham" not in body
