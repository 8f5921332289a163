"""Opening, listing and closing cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import structlog

from common.caller import Caller
from common.db import etag
from common.errors import NotAvailable, StaleEtag, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after, read_day
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain import facts
from services.cases.domain.cases import Case
from services.cases.domain.days import contact_day
from services.cases.domain.enquiries import Enquiry
from services.cases.domain.names import id_of, record_of
from services.cases.domain.retention import latest_day_due
from services.cases.domain.states import CaseState, RecordKind
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)

_IS_A_CASE = "This enquiry has become a case already."


def open_case(
    tools: Tools,
    who: Caller,
    *,
    student: str,
    topic: str,
    contact_date: str,
    from_enquiry: str,
    request_id: str,
) -> Case:
    """
    Open a case for a student, with a record and a key of its own.

    The record is registered with consent first: from its first word on, somebody can say who may
    read it. A case that grew from an enquiry belongs to it, so that walls stand around both.
    A repeat with the same `request_id` gives the same case.

    Raises:
        InvalidFields: the contact's day is none, or in the future.
        NotAvailable: there is no such enquiry, or the student is behind a wall.
        WrongState: the enquiry has become a case already.
    """
    day = read_day("contact_date", lambda: contact_day(contact_date, tools.today()))
    if tools.walls.hides(student):
        raise NotAvailable
    name = name_once(tools, who, "OpenCase", request_id, "cases")
    case_id = id_of(name, "cases") or ""
    with tools.begin() as work:
        if (there := work.cases.find(case_id)) is not None:
            return there
        enquiry = _enquiry(work, from_enquiry)
    if enquiry is not None and enquiry.case_id is not None:
        raise WrongState(_IS_A_CASE)
    record = record_of(case_id)
    tools.consent.register(record, RecordKind.CASE, student, enquiry.record if enquiry else "")
    tools.sealing.begin(RecordKind.CASE, case_id)
    topic_sealed = tools.sealing.seal(RecordKind.CASE, case_id, _topic(name), topic.encode())
    told = [
        tools.facts.sealed(
            record,
            student,
            day,
            facts.to_json("case", day, topic=topic, from_enquiry=enquiry is not None),
        )
    ]
    if enquiry is not None:
        converted = facts.to_json("enquiry", enquiry.contact_date, converted=True)
        told.append(tools.facts.sealed(enquiry.record, "", enquiry.contact_date, converted))
    case = Case(case_id, student, who.person, CaseState.OPEN, day, day, version=1)
    with tools.begin() as work:
        work.cases.involve(student, day)
        if work.cases.add(case, topic_sealed, tools.now()):
            if enquiry is not None:
                _convert(work, enquiry, case)
            for event in told:
                work.tell(event)
            work.commit()
            log.info("case_opened", case=name)
    return get_case(tools, name)


def _enquiry(work: Work, name: str) -> Enquiry | None:
    if not name:
        return None
    enquiry = work.enquiries.find(id_of(name, "enquiries"))
    if enquiry is None:
        raise NotAvailable
    return enquiry


def _convert(work: Work, enquiry: Enquiry, case: Case) -> None:
    if not work.enquiries.becomes(enquiry.id, case.id):
        raise WrongState(_IS_A_CASE)
    work.cases.involve(case.student, enquiry.contact_date)


def get_case(tools: Tools, name: str) -> Case:
    """
    Give one case, without words.

    Raises:
        NotAvailable: there is no such case.
    """
    with tools.begin() as work:
        case = work.cases.find(id_of(name, "cases"))
    if case is None:
        raise NotAvailable
    return case


def list_cases(
    tools: Tools, *, asked: int, page_token: str, student: str, disposal_due: bool
) -> tuple[Sequence[Case], str]:
    """Give a page of cases, newest involvement first, and the token of the next page."""
    size = page_size(asked)
    due_until = latest_day_due(tools.today()) if disposal_due else None
    after = position_after(page_token, date.fromisoformat)
    with tools.begin() as work:
        found = work.cases.page(size + 1, after, student, due_until)
    return cut(found, size, lambda last: (last.last_involvement.isoformat(), last.id))


def close_case(tools: Tools, name: str, *, outcome: str, expected_etag: str) -> Case:
    """
    Close a case with an outcome, which is sealed like the topic.

    Raises:
        NotAvailable: there is no such case.
        StaleEtag: somebody changed it in the meantime.
        WrongState: it is not open.
    """
    with tools.begin() as work:
        case = work.cases.hold(id_of(name, "cases"))
        if case is None:
            raise NotAvailable
        if expected_etag and expected_etag != case_etag(case):
            raise StaleEtag
        if case.state is not CaseState.OPEN:
            raise WrongState("Only an open case can be closed.")
        item = f"{case.name}/outcomes/1"
        sealed = tools.sealing.seal(RecordKind.CASE, case.id, item, outcome.encode())
        day = case.first_contact
        coded = facts.to_json("case", day, outcome=outcome)
        work.cases.close(case.id, sealed)
        work.tell(tools.facts.sealed(case.record, case.student, day, coded))
        work.commit()
    log.info("case_closed", case=name)
    return get_case(tools, name)


def case_etag(case: Case) -> str:
    """Give the etag of a case."""
    return etag(case.name, case.version)


def _topic(case_name: str) -> str:
    return f"{case_name}/topics/1"
