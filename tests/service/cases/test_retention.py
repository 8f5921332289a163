"""Retention and disposal, with the real servers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.cases.v1 import breaches_pb2, cases_pb2, enquiries_pb2

from common.errors import NotAvailable, RefusedByPolicy, WrongState
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, student
from tests.service.cases.office import LONG_AGO, Office, dispose


def test_a_case_whose_time_has_passed_can_be_read_by_nobody(
    sas: House, office: Office, zoe: Person
) -> None:
    """R26, R27: six academic years, and no longer."""
    case = office.opens_case(zoe, contact_date=LONG_AGO)
    note = office.writes_note(case.name, contact_date=LONG_AGO)
    shown = dispose(sas, office.who, case.name, really=False)
    assert (shown.dispose_from_date, shown.due, shown.authorised) == ("2021-10-01", True, False)
    assert office.reads_note(note.name).complete
    assert dispose(sas, office.who, case.name, really=True).authorised
    request = cases_pb2.GetCaseRequest(name=case.name)
    eventually(
        lambda: (
            sas.call(office.who, sas.cases.GetCase, request).state == cases_pb2.CASE_STATE_DISPOSED
        )
    )
    with pytest.raises(NotAvailable):
        office.reads_note(note.name)
    with pytest.raises(WrongState):
        office.writes_note(case.name)
    assert sas.sql("select kind from disposals where record = %s", shown.record) == [("case",)]
    left = sas.sql("select count(sealed) from notes where id = %s", note.name.partition("/")[2])
    assert left == [(0,)]
    key = shown.record.removeprefix("records/")
    assert not sas.vault("cases-work").record_key_exists("rk-case", key)


def test_a_case_whose_time_has_not_passed_stays(sas: House, office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe)
    assert not dispose(sas, office.who, case.name, really=False).due
    with pytest.raises(RefusedByPolicy) as refused:
        dispose(sas, office.who, case.name, really=True)
    assert "retention_not_over" in refused.value.reasons
    with pytest.raises(NotAvailable):
        dispose(sas, zoe, case.name, really=False)


def test_what_belongs_to_a_case_goes_with_it(sas: House, office: Office, zoe: Person) -> None:
    recorded = sas.call(
        office.who,
        sas.enquiries.RecordEnquiry,
        enquiries_pb2.RecordEnquiryRequest(
            words="words", topic="housing", contact_date=LONG_AGO, request_id=str(uuid4())
        ),
    )
    case = office.opens_case(zoe, contact_date=LONG_AGO, from_enquiry=recorded.name)
    drafted = sas.call(
        office.who,
        sas.breaches.DraftBreach,
        breaches_pb2.DraftBreachRequest(parent=case.name, request_id=str(uuid4())),
    )
    dispose(sas, office.who, case.name, really=True)
    records = [
        f"records/{each.partition('/')[2]}" for each in (case.name, recorded.name, drafted.name)
    ]
    counted = "select count(*) from disposals where record = any(%s)"
    eventually(lambda: sas.sql(counted, records) == [(3,)])


def test_disposal_twice_is_disposal_once(sas: House, office: Office, zoe: Person) -> None:
    """R27: run twice = same result."""
    case = office.opens_case(zoe, contact_date=LONG_AGO)
    record = dispose(sas, office.who, case.name, really=True).record
    counted = "select count(*) from disposals where record = %s"
    eventually(lambda: sas.sql(counted, record) == [(1,)])
    assert dispose(sas, office.who, case.name, really=True).authorised
    assert sas.sql(counted, record) == [(1,)]


def test_a_student_who_comes_back_keeps_the_old_case(
    sas: House, office: Office, zoe: Person
) -> None:
    """R26: a new enquiry in year 5 moves the date."""
    case = office.opens_case(zoe, contact_date=LONG_AGO)
    assert dispose(sas, office.who, case.name, really=False).due
    office.opens_case(zoe)
    assert not dispose(sas, office.who, case.name, really=False).due
    with pytest.raises(RefusedByPolicy):
        dispose(sas, office.who, case.name, really=True)


def test_the_list_of_what_is_due(sas: House, office: Office, zoe: Person) -> None:
    old = office.opens_case(zoe, contact_date=LONG_AGO)
    new = office.opens_case(student())
    due: set[str] = set()
    request = cases_pb2.ListCasesRequest(disposal_due=True, page_size=200)
    while True:
        page = sas.call(office.who, sas.cases.ListCases, request)
        due |= {case.name for case in page.cases}
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert old.name in due
    assert new.name not in due
