"""Cases, enquiries and documents, with the real servers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sas.cases.v1 import case_notes_pb2, cases_pb2, documents_pb2, enquiries_pb2
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE

from common.errors import InvalidFields, RequestIdReused, StaleEtag, WrongState
from tests.kit.house import Person
from tests.service.cases.house import House, adviser
from tests.service.cases.office import CANARY, Office


def test_a_repeated_call_makes_one_thing_also_in_parallel(
    sas: House, office: Office, zoe: Person
) -> None:
    request = cases_pb2.OpenCaseRequest(student=zoe.name, topic="housing", request_id=str(uuid4()))
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(sas.call, office.who, sas.cases.OpenCase, request) for _ in range(20)]
        found = [call.result() for call in calls]
    assert len({case.name for case in found}) == 1
    assert sas.sql("select count(*) from cases where student = %s", zoe.name) == [(1,)]


def test_a_request_id_is_for_one_call_of_one_person(
    sas: House, office: Office, zoe: Person
) -> None:
    used = str(uuid4())
    case = office.opens_case(zoe, request_id=used)
    with pytest.raises(RequestIdReused):
        office.writes_note(case.name, request_id=used)
    with pytest.raises(RequestIdReused):
        Office(sas, adviser()).opens_case(zoe, request_id=used)


def test_a_case_changes_by_verbs_and_against_its_etag(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe)
    stale = cases_pb2.CloseCaseRequest(name=case.name, outcome="advice-given", etag="other")
    with pytest.raises(StaleEtag):
        sas.call(office.who, sas.cases.CloseCase, stale)
    right = cases_pb2.CloseCaseRequest(name=case.name, outcome="advice-given", etag=case.etag)
    closed = sas.call(office.who, sas.cases.CloseCase, right)
    assert closed.state == cases_pb2.CASE_STATE_CLOSED
    assert closed.etag != case.etag
    with pytest.raises(WrongState):
        sas.call(
            office.who,
            sas.cases.CloseCase,
            cases_pb2.CloseCaseRequest(name=case.name, outcome="advice-given"),
        )


def test_lists_are_paged_without_gap_or_repeat(sas: House, office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe)
    for _ in range(4):
        office.opens_case(zoe)
    written = {office.writes_note(case.name).name for _ in range(5)}
    seen: list[str] = []
    request = case_notes_pb2.ListCaseNotesRequest(parent=case.name, page_size=2)
    while True:
        page = sas.call(office.who, sas.notes.ListCaseNotes, request)
        seen += [note.name for note in page.notes]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(seen) == 5
    assert set(seen) == written
    listed: list[str] = []
    of_student = cases_pb2.ListCasesRequest(student=zoe.name, page_size=2)
    while True:
        found = sas.call(office.who, sas.cases.ListCases, of_student)
        listed += [each.name for each in found.cases]
        if not found.next_page_token:
            break
        of_student.page_token = found.next_page_token
    assert len(listed) == len(set(listed)) == 5


def test_a_new_contact_keeps_the_older_cases_longer(
    sas: House, office: Office, zoe: Person
) -> None:
    """R26: of your last involvement with the Service, not with one case."""
    old = office.opens_case(zoe, contact_date="2019-11-05")
    assert old.dispose_from_date == "2026-10-01"
    office.opens_case(zoe, contact_date="2024-02-10")
    again = sas.call(office.who, sas.cases.GetCase, cases_pb2.GetCaseRequest(name=old.name))
    assert (again.last_involvement_date, again.dispose_from_date) == ("2024-02-10", "2030-10-01")
    office.writes_note(old.name, contact_date="2020-01-01")
    later = sas.call(office.who, sas.cases.GetCase, cases_pb2.GetCaseRequest(name=old.name))
    assert later.last_involvement_date == "2024-02-10"


def test_an_enquiry_becomes_a_case_once(sas: House, office: Office, zoe: Person) -> None:
    """R28: 7 enquiries and 5 cases stay 7 and 5."""
    recorded = sas.call(
        office.who,
        sas.enquiries.RecordEnquiry,
        enquiries_pb2.RecordEnquiryRequest(
            words=f"{CANARY} enquiry", topic="housing", request_id=str(uuid4())
        ),
    )
    case = office.opens_case(zoe, from_enquiry=recorded.name)
    read = sas.call(
        office.who,
        sas.enquiries.GetEnquiry,
        enquiries_pb2.GetEnquiryRequest(name=recorded.name, purpose=PURPOSE_ADVICE),
    )
    assert (read.words, read.topic, read.case) == (f"{CANARY} enquiry", "housing", case.name)
    with pytest.raises(WrongState):
        office.opens_case(zoe, from_enquiry=recorded.name)


def test_a_file_that_pretends_is_refused(sas: House, office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe)
    request = documents_pb2.AttachDocumentRequest(
        parent=case.name,
        title="a letter",
        media_type="application/pdf",
        content=b"<html>",
        request_id=str(uuid4()),
    )
    with pytest.raises(InvalidFields) as refused:
        sas.call(office.who, sas.documents.AttachDocument, request)
    assert list(refused.value.violations) == ["content"]


def test_a_letter_of_five_mebibytes_comes_back(sas: House, office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe)
    content = b"%PDF-1.7\n" + b"x" * (5 * 1024 * 1024 - 9)
    attached = sas.call(
        office.who,
        sas.documents.AttachDocument,
        documents_pb2.AttachDocumentRequest(
            parent=case.name,
            title="a long letter",
            media_type="application/pdf",
            content=content,
            request_id=str(uuid4()),
        ),
    )
    read = sas.call(
        office.who,
        sas.documents.GetDocument,
        documents_pb2.GetDocumentRequest(name=attached.name, purpose=PURPOSE_ADVICE),
    )
    assert read.content == content
    assert read.title == "a long letter"
