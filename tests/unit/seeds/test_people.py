"""Invented people: always the same, and as awkward as real ones."""

from __future__ import annotations

import datetime
import re
from collections import Counter

import pytest
from buf.validate import validate_pb2  # noqa: F401  # the rules in the protos
from sas.cases.v1 import case_notes_pb2, cases_pb2, enquiries_pb2
from sas.identity.v1 import students_pb2

from common.rpc.validation import violations
from deploy.seeds.awkward import AWKWARD
from deploy.seeds.lists import COLLEGES, FACULTIES, LEVELS, OUTCOMES, TOPICS
from deploy.seeds.people import CLOSED_YEARS, People, academic_year, invent

TODAY = datetime.date(2026, 11, 23)
CODE = re.compile(r"[a-z0-9-]{1,60}")


@pytest.fixture(scope="module")
def people() -> People:
    return invent(60, 2026, TODAY)


def test_the_same_seed_gives_the_same_people(people: People) -> None:
    assert invent(60, 2026, TODAY) == people
    assert invent(60, 2027, TODAY) != people


def test_a_larger_size_only_adds(people: People) -> None:
    larger = invent(90, 2026, TODAY)

    assert larger.students[:60] == people.students
    assert larger.enquiries[:30] == people.enquiries


def test_there_are_31_colleges_and_each_has_a_student(people: People) -> None:
    """R1: any student of any college."""
    colleges = {student.form.get("college") for student in people.students}

    assert len(COLLEGES) == 31
    assert colleges >= {college.code for college in COLLEGES}


def test_colleges_are_skewed_as_they_are_in_life() -> None:
    many = Counter(student.form.get("college") for student in invent(400, 1, TODAY).students)

    assert many["homerton"] > 3 * many["peterhouse"]


def test_every_awkward_name_is_there(people: People) -> None:
    kinds = [student.kind for student in people.students if student.kind]

    assert kinds == [name.kind for name in AWKWARD]
    assert len(set(kinds)) == len(kinds)


def test_names_stay_as_they_were_typed(people: People) -> None:
    full = [student.form["full_name"] for student in people.students]

    assert "Robert'); DROP TABLE students;--" in full
    assert "  Maeve   Quill  " in full
    assert any("\u0308" in name for name in full)  # a combining mark is not composed


def test_every_list_has_codes_and_no_code_twice() -> None:
    for choices in (COLLEGES, FACULTIES, LEVELS, OUTCOMES, TOPICS):
        codes = [choice.code for choice in choices]
        assert len(codes) == len(set(codes))
        assert all(CODE.fullmatch(code) for code in codes)
        assert all(choice.name for choice in choices)


def test_topics_have_two_roots_and_one_for_nothing_known_yet() -> None:
    assert {topic.root for topic in TOPICS} == {"academic", "welfare", ""}
    assert [topic.code for topic in TOPICS if not topic.root] == ["not-yet-known"]


def test_everything_lies_in_closed_academic_years(people: People) -> None:
    now = academic_year(TODAY)
    days = [enquiry.contact_date for enquiry in people.enquiries]
    for student in people.students:
        for case in student.cases:
            assert case.contact_date == case.notes[0].contact_date
            days += [note.contact_date for note in case.notes]
    years = {academic_year(datetime.date.fromisoformat(day)) for day in days}

    assert {year for year in years if year >= now - CLOSED_YEARS} == set(
        range(now - CLOSED_YEARS, now)
    )
    assert now not in years


def test_one_case_is_due_for_disposal(people: People) -> None:
    """R26: more than six academic years since the last involvement."""
    due = [
        case
        for student in people.students
        for case in student.cases
        if academic_year(datetime.date.fromisoformat(case.notes[-1].contact_date)) + 6
        < academic_year(TODAY)
    ]

    assert len(due) == 1


def test_no_request_id_and_no_crsid_comes_twice() -> None:
    many = invent(500, 7, TODAY)
    ids = [student.request_id for student in many.students]
    ids += [enquiry.request_id for enquiry in many.enquiries]
    for case in (case for student in many.students for case in student.cases):
        ids += [case.request_id, *(note.request_id for note in case.notes)]
    crsids = [s.form["crsid"].strip().lower()[:8] for s in many.students if "crsid" in s.form]

    assert len(ids) == len(set(ids))
    assert len(crsids) == len(set(crsids))


def test_the_protos_take_everything_as_it_is(people: People) -> None:
    for student in people.students:
        form = students_pb2.RegistrationForm(**student.form)
        registering = students_pb2.RegisterStudentRequest(form=form, request_id=student.request_id)
        assert not violations(registering), student.kind
        for case in student.cases:
            assert not violations(
                cases_pb2.OpenCaseRequest(
                    student="students/" + student.request_id,
                    topic=case.topic,
                    contact_date=case.contact_date,
                    request_id=case.request_id,
                )
            )
            for note in case.notes:
                assert not violations(
                    case_notes_pb2.WriteCaseNoteRequest(
                        parent="cases/" + case.request_id,
                        situation=note.situation,
                        advice_offered=note.advice_offered,
                        action_taken=note.action_taken,
                        contact_date=note.contact_date,
                        request_id=note.request_id,
                    )
                )
    for enquiry in people.enquiries:
        assert not violations(
            enquiries_pb2.RecordEnquiryRequest(
                words=enquiry.words,
                topic=enquiry.topic,
                contact_date=enquiry.contact_date,
                request_id=enquiry.request_id,
            )
        )
