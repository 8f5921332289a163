"""
Reports are counted, withheld, rounded and frozen.

"Individual students and cases will not be able to be identified from these reports."
Each test has academic years of its own, as a table is frozen once for its years.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sas.cases.v1.events_pb2 import CaseFactsRecorded, RecordDisposed
from sas.reports.v1.reports_pb2 import GetReportRequest, ListReportsRequest

from common import telemetry
from common.errors import (
    InvalidFields,
    NotAvailable,
    NotPublishable,
    RequestIdReused,
    SecondFactorNeeded,
    SignInNeeded,
    TryAgain,
)
from deploy import command
from tests.kit.house import Person
from tests.kit.spans import spans_of
from tests.service.reports.house import (
    CASES,
    ENQUIRIES,
    House,
    cells,
    freeze,
    staff,
    student,
)

WITHHELD = "[c]"


@pytest.fixture
def adviser() -> Person:
    return staff()


def test_a_report_counts_withholds_and_rounds(sas: House, adviser: Person) -> None:
    sas.happens(
        *sas.students_with_cases(2001, 13, "kings"),
        *sas.students_with_cases(2001, 6, "trinity"),
        *sas.students_with_cases(2001, 4, "girton"),
        *sas.students_with_cases(2002, 30, "girton"),  # of another year
    )
    report = sas.call(adviser, sas.reports.FreezeReport, freeze(2001))
    assert (report.table, report.period, report.unit) == (CASES, "2001-2001", "cases")
    assert (report.smallest_published, report.rounding_base) == (5, 5)
    assert report.rows[-1].code == "total"
    shown = cells(report)
    for row in ("examination-appeal", "academic", "total"):
        assert shown[row, "college-group-1"] in ("10", "15")
        assert shown[row, "college-group-2"] in ("5", "10")
        assert shown[row, "college-group-3"] == WITHHELD  # 4 people
        assert shown[row, "college-group-4"] == WITHHELD  # nobody, which looks the same
        assert shown[row, "total"] in ("20", "25")
    assert {cell for (row, _), cell in shown.items() if row == "welfare"} == {WITHHELD}


def test_people_are_counted_and_not_only_cases(sas: House, adviser: Person) -> None:
    """Ten cases of one student are one person, who would be found at once."""
    busy = uuid4().hex
    sas.happens(
        *sas.students_with_cases(2003, 12, "darwin"),
        sas.student(2003, busy, "clare"),
        *(sas.case(2003, busy, topic="visa") for _ in range(20)),
    )
    shown = cells(sas.call(adviser, sas.reports.FreezeReport, freeze(2003)))
    assert shown["visa", "total"] == WITHHELD
    assert shown["total", "college-group-1"] == WITHHELD
    assert shown["total", "college-group-4"] in ("10", "15")


def test_a_case_that_is_closed_is_still_one_case(sas: House, adviser: Person) -> None:
    """Its outcome comes in an event of its own, and does not make it two."""
    opened = sas.students_with_cases(2004, 10, "jesus")
    closed = [
        sas.case(2004, event.pseudonym, event.record, outcome="resolved")
        for event in opened
        if isinstance(event, CaseFactsRecorded)
    ]
    sas.happens(*opened, *closed)
    shown = cells(sas.call(adviser, sas.reports.FreezeReport, freeze(2004)))
    assert shown["total", "total"] == "10"


def test_enquiries_are_counted_without_people_or_colleges(sas: House, adviser: Person) -> None:
    """R28: enquiries are counted as such, also those that became cases."""
    asked = [sas.case(2005, "", kind="enquiry", topic="money") for _ in range(10)]
    became = [sas.case(2005, "", record=asked[0].record, kind="enquiry", converted="yes")]
    sas.happens(*asked, *became, *sas.students_with_cases(2005, 25, "kings"))
    report = sas.call(adviser, sas.reports.FreezeReport, freeze(2005, table=ENQUIRIES))
    assert list(report.column_codes) == ["total"]
    assert report.unit == "enquiries"
    assert cells(report)["total", "total"] == "10"


def test_a_report_is_never_counted_again(sas: House, adviser: Person) -> None:
    """The difference between two counts can be a person; so can two draws of one number."""
    sas.happens(*sas.students_with_cases(2006, 17, "wolfson"))
    first = sas.call(adviser, sas.reports.FreezeReport, freeze(2006))
    sas.happens(*sas.students_with_cases(2006, 40, "wolfson"))
    assert sas.call(staff(), sas.reports.FreezeReport, freeze(2006)) == first
    annual = sas.call(adviser, sas.reports.FreezeReport, freeze(2006, purpose="annual-report"))
    assert annual.smallest_published == 10
    for cell, shown in cells(annual).items():
        assert shown in (cells(first)[cell], WITHHELD)
    assert cells(annual)["total", "total"] == cells(first)["total", "total"]


def test_years_that_overlap_are_not_published_twice(sas: House, adviser: Person) -> None:
    """R38: two reports that differ by one student are not both released."""
    sas.happens(*sas.students_with_cases(2008, 12, "queens"))
    sas.call(adviser, sas.reports.FreezeReport, freeze(2007, 2008))
    for first, last in ((2008, 2008), (2007, 2009), (2008, 2010)):
        with pytest.raises(NotPublishable, match="frozen already"):
            sas.call(adviser, sas.reports.FreezeReport, freeze(first, last))


def test_a_year_that_still_runs_is_not_published(sas: House, adviser: Person) -> None:
    with pytest.raises(NotPublishable, match="not over"):
        sas.call(adviser, sas.reports.FreezeReport, freeze(2011, 2199))


def test_years_in_the_wrong_order_are_refused(sas: House, adviser: Person) -> None:
    with pytest.raises(InvalidFields):
        sas.call(adviser, sas.reports.FreezeReport, freeze(2012, 2011))


def test_a_report_with_nothing_in_it_is_not_published(sas: House, adviser: Person) -> None:
    """Whether it is nobody or four is not told. What is not published is not frozen either."""
    for people in (0, 4):
        sas.happens(*sas.students_with_cases(2013, people, "selwyn"))
        with pytest.raises(NotPublishable, match="withheld"):
            sas.call(adviser, sas.reports.FreezeReport, freeze(2013))
    sas.happens(*sas.students_with_cases(2013, 6, "selwyn"))
    assert (
        cells(sas.call(adviser, sas.reports.FreezeReport, freeze(2013)))["total", "total"] == "10"
    )


def test_the_ledger_says_who_froze_what_before_any_fact_is_opened(
    sas: House, adviser: Person
) -> None:
    sas.happens(*sas.students_with_cases(2014, 8, "pembroke"))
    opened = len(sas.opened_facts())
    report = sas.call(adviser, sas.reports.FreezeReport, freeze(2014))
    entry = sas.ledger()[-1]
    assert (entry["about"], entry["actor"]) == (report.name, adviser.name)
    assert entry["purpose"] == "internal-trends"
    assert entry["details"] == {"table": CASES, "period": "2014-2014"}
    query = "select ledger_index from reports where id = %s"
    assert sas.sql(query, report.name.removeprefix("reports/")) == [(entry["index"],)]
    audited = sas.opened_facts()[opened:]
    assert audited
    for line in audited:
        headers = line["request"]["headers"]
        assert headers["x-sas-decision"] == [f"ledger/{entry['index']}"]
        assert entry["trace"] in headers["traceparent"][0]


def test_what_is_refused_is_in_the_ledger_too(sas: House) -> None:
    before = len(sas.ledger())
    with pytest.raises(SecondFactorNeeded):
        sas.call(staff(second_factor=False), sas.reports.FreezeReport, freeze(2015))
    with pytest.raises(NotAvailable):
        sas.call(student(), sas.reports.FreezeReport, freeze(2015))
    with pytest.raises(SignInNeeded):
        sas.call(None, sas.reports.FreezeReport, freeze(2015))
    assert [entry["effect"] for entry in sas.ledger()[before:]] == ["deny", "deny"]


def test_a_repeated_call_freezes_once(sas: House, adviser: Person) -> None:
    sas.happens(*sas.students_with_cases(2016, 9, "magdalene"))
    request = freeze(2016)
    first = sas.call(adviser, sas.reports.FreezeReport, request)
    assert sas.call(adviser, sas.reports.FreezeReport, request) == first
    with pytest.raises(RequestIdReused):
        sas.call(staff(), sas.reports.FreezeReport, request)


def test_two_who_freeze_at_once_get_the_same_report(sas: House, adviser: Person) -> None:
    sas.happens(*sas.students_with_cases(1998, 33, "newnham"))
    with ThreadPoolExecutor(4) as pool:
        freezing = [
            pool.submit(sas.call, staff(), sas.reports.FreezeReport, freeze(1998)) for _ in range(4)
        ]
    first, *others = [each.result() for each in freezing]
    assert others == [first] * 3


def test_a_fact_is_kept_in_the_trace_of_its_cause(sas: House) -> None:
    trace, cause = uuid4().hex, uuid4().hex[:16]
    with telemetry.from_traceparent(f"00-{trace}-{cause}-01"):
        sas.happens(sas.case(1999, uuid4().hex))
    (span,) = spans_of(sas.state.root, trace)
    assert (span.name, span.process, span.parent_id) == (
        "event CaseFactsRecorded",
        "reports-work",
        cause,
    )


def test_without_consent_nothing_is_opened(sas: House, adviser: Person) -> None:
    sas.happens(*sas.students_with_cases(2017, 9, "magdalene"))
    opened = len(sas.opened_facts())
    with sas.without_consent(), pytest.raises(TryAgain):
        sas.call(adviser, sas.reports.FreezeReport, freeze(2017))
    assert len(sas.opened_facts()) == opened


def test_what_is_disposed_of_is_forgotten_and_what_is_frozen_stays(
    sas: House, adviser: Person
) -> None:
    """Counting again after a disposal would betray who it was."""
    events = sas.students_with_cases(2018, 11, "emmanuel")
    sas.happens(*events)
    report = sas.call(adviser, sas.reports.FreezeReport, freeze(2018))
    (*_, case) = events
    assert isinstance(case, CaseFactsRecorded)
    sas.happens(RecordDisposed(record=case.record))
    for table in ("case_facts", "student_facts"):
        query = f"select count(*) from {table} where pseudonym = %s"  # noqa: S608 - two constants
        assert sas.sql(query, case.pseudonym) == [(0,)]
    read = sas.call(adviser, sas.reports.GetReport, GetReportRequest(name=report.name))
    assert read.SerializeToString() == report.SerializeToString()


def test_facts_that_come_late_do_not_bring_a_disposed_record_back(sas: House) -> None:
    case = sas.case(2019, uuid4().hex)
    sas.happens(RecordDisposed(record=case.record))
    sas.happens(case)
    assert sas.sql("select count(*) from case_facts where record = %s", case.record) == [(0,)]


def test_disposal_keeps_the_facts_of_a_student_with_another_case(sas: House) -> None:
    person = uuid4().hex
    first, second = sas.case(2019, person), sas.case(2019, person)
    sas.happens(sas.student(2019, person, "kings"), first, second)
    sas.happens(RecordDisposed(record=first.record))
    count = "select count(*) from student_facts where pseudonym = %s"
    assert sas.sql(count, person) == [(1,)]
    sas.happens(RecordDisposed(record=second.record))
    assert sas.sql(count, person) == [(0,)]


def test_an_operator_sees_what_is_parked(sas: House) -> None:
    """Here nothing is; with what right, and that it is sent again, is tested with the events."""
    done = command.run(sas.state, "reports-work", ["events", "parked"], capture=True)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_frozen_reports_are_read_and_listed_by_staff(sas: House, adviser: Person) -> None:
    sas.happens(*sas.students_with_cases(2020, 9, "robinson"))
    report = sas.call(adviser, sas.reports.FreezeReport, freeze(2020))
    sas.happens(*sas.students_with_cases(2021, 9, "robinson"))
    later = sas.call(adviser, sas.reports.FreezeReport, freeze(2021))
    page = sas.call(adviser, sas.reports.ListReports, ListReportsRequest(page_size=1))
    assert [each.name for each in page.reports] == [later.name]
    request = ListReportsRequest(page_size=1, page_token=page.next_page_token)
    next_page = sas.call(adviser, sas.reports.ListReports, request)
    assert [each.name for each in next_page.reports] == [report.name]

    absent = GetReportRequest(name=f"reports/{uuid4()}")
    for who in (student(), staff(permissions=frozenset())):
        with pytest.raises(NotAvailable):
            sas.call(who, sas.reports.GetReport, GetReportRequest(name=report.name))
    with pytest.raises(NotAvailable):
        sas.call(adviser, sas.reports.GetReport, absent)
    with pytest.raises(SecondFactorNeeded):
        sas.call(staff(second_factor=False), sas.reports.ListReports, ListReportsRequest())
    for token in ("no token", page.next_page_token[2:]):
        with pytest.raises(InvalidFields):
            sas.call(adviser, sas.reports.ListReports, ListReportsRequest(page_token=token))
