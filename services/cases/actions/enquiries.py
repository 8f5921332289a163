"""Recording and reading enquiries. Third parties' questions are in `questions.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import structlog
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import NotAvailable
from common.pages import page_size
from services.cases.actions.envelopes import make_envelope
from services.cases.actions.fields import cut, position_after, read_day
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain import facts
from services.cases.domain.days import contact_day
from services.cases.domain.enquiries import Enquiry, EnquiryWords
from services.cases.domain.names import id_of, record_of
from services.cases.domain.states import EnquiryKind, QuestionState
from services.cases.storage.sealed import WORDS

log = structlog.get_logger(__name__)


def record_enquiry(
    tools: Tools, who: Caller, words: EnquiryWords, *, contact_date: str, request_id: str
) -> Enquiry:
    """
    Record an enquiry, without a name (R28).

    Raises:
        InvalidFields: the contact's day is none, or in the future.
    """
    day = read_day("contact_date", lambda: contact_day(contact_date, tools.today()))
    name = name_once(tools, who, "RecordEnquiry", request_id, "enquiries")
    enquiry_id = id_of(name, "enquiries") or ""
    with tools.begin() as work:
        if (there := work.enquiries.find(enquiry_id)) is not None:
            return there
    envelope = make_envelope(tools.consent, tools.sealing, enquiry_id).envelope
    sealed = envelope.close({WORDS: words.to_bytes()})
    enquiry = Enquiry(enquiry_id, EnquiryKind.STUDENT, day, who.person, None)
    coded = facts.to_json("enquiry", day, topic=words.topic)
    event = tools.facts.sealed(enquiry.record, "", day, coded)
    with tools.begin() as work:
        if not work.enquiries.add(enquiry, sealed, tools.now()):
            return work.enquiries.find(enquiry_id) or enquiry
        work.tell(event)
        work.commit()
    log.info("enquiry_recorded", enquiry=name)
    return enquiry


def read_enquiry(
    tools: Tools, name: str, purpose: Purpose.ValueType
) -> tuple[Enquiry, EnquiryWords]:
    """
    Open one enquiry. A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not read it, or there is no such enquiry.
    """
    with tools.begin() as work:
        enquiry = work.enquiries.find(id_of(name, "enquiries"))
        sealed = work.enquiries.sealed(enquiry) if enquiry else None
    keys = tools.consent.open(
        record_of(name.partition("/")[2]),
        [sealed] if sealed else [],
        action="enquiry:read",
        purpose=purpose,
        about=name,
    )
    if enquiry is None or sealed is None:
        raise NotAvailable
    log.info("enquiry_read", enquiry=name)
    return enquiry, EnquiryWords.from_bytes(keys.open(sealed))


def list_enquiries(
    tools: Tools, *, asked: int, page_token: str, state: QuestionState | None = None
) -> tuple[Sequence[Enquiry], str]:
    """
    Give a page of enquiries, newest contact first, and the token of the next page.

    With *state*, only third parties' questions in that state.
    """
    size = page_size(asked)
    after = position_after(page_token, date.fromisoformat)
    with tools.begin() as work:
        found = work.enquiries.page(size + 1, after, state)
    return cut(found, size, lambda last: (last.contact_date.isoformat(), last.id))
