"""
Third parties' questions about somebody, from the asking to the answer.

R9: "Confidentiality also includes not confirming that any student has used or is using the Service
without the student's consent."
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from typing import Any
from uuid import uuid4

import pytest
from sas.cases.v1 import enquiries_pb2 as pb
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE

from common.errors import InvalidFields, NotAvailable, WrongState
from services.cases.domain.enquiries import ANSWER_TO_EVERYBODY
from services.cases.domain.replies import script_in_force
from services.cases.domain.states import ReplyChannel
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, adviser
from tests.service.cases.office import CANARY, Office

TELEPHONE, MAIL = pb.REPLY_CHANNEL_TELEPHONE, pb.REPLY_CHANNEL_MAIL
LATER = {"Date", "Message-ID", "To"}
"""What differs between two mails with the same words."""


def ask(sas: House, about: str, **more: Any) -> pb.AskAboutStudentResponse:
    """Ask about somebody, as anybody may."""
    fields: dict[str, Any] = {"about": about, "question": f"{CANARY} question"}
    return sas.call(None, sas.enquiries.AskAboutStudent, pb.AskAboutStudentRequest(**fields | more))


def questions(
    sas: House, who: Person, state: pb.QuestionState.ValueType = pb.QUESTION_STATE_OPEN
) -> Iterator[pb.EnquirySummary]:
    """List the questions in a state, all pages of it."""
    request = pb.ListEnquiriesRequest(question_state=state, page_size=200)
    while True:
        page = sas.call(who, sas.enquiries.ListEnquiries, request)
        yield from page.enquiries
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def read(sas: House, who: Person, name: str) -> pb.Enquiry:
    """Open a question."""
    request = pb.GetEnquiryRequest(name=name, purpose=PURPOSE_ADVICE)
    return sas.call(who, sas.enquiries.GetEnquiry, request)


def asked(sas: House, who: Person, about: str, **more: Any) -> pb.EnquirySummary:
    """Ask, and find the question among the open ones."""
    before = {each.name for each in questions(sas, who)}
    ask(sas, about, **more)
    (new,) = (each for each in questions(sas, who) if each.name not in before)
    return new


def answer(
    sas: House, who: Person, name: str, channel: pb.ReplyChannel.ValueType
) -> pb.EnquirySummary:
    """Answer a question."""
    request = pb.AnswerQuestionRequest(name=name, channel=channel)
    return sas.call(who, sas.enquiries.AnswerQuestion, request)


def test_a_question_about_anybody_gets_the_same_answer(
    sas: House, office: Office, zoe: Person
) -> None:
    office.opens_case(zoe)
    answers = {
        ask(sas, about).SerializeToString() for about in (zoe.name, "Somebody Unknown", "a" * 500)
    }
    expected = pb.AskAboutStudentResponse(answer=ANSWER_TO_EVERYBODY)
    assert answers == {expected.SerializeToString()}


def test_while_it_is_asked_nobody_else_is_asked_anything(sas: House, office: Office) -> None:
    """With an envelope at hand, consent may be away: nothing is looked up there or in Vault."""
    about = str(uuid4())
    ask(sas, about)
    eventually(lambda: _ready_envelopes(sas) >= 2)
    with sas.without("consent-serve"):
        assert ask(sas, about).answer == ANSWER_TO_EVERYBODY
    found = [read(sas, office.who, each.name) for each in questions(sas, office.who)]
    assert [each.about for each in found].count(about) == 2


def _ready_envelopes(sas: House) -> int:
    """Count enquiries that consent knows and that hold nothing yet."""
    known = {
        name
        for (name,) in sas.sql(
            "select record from records where kind = 'enquiry'", database="consent"
        )
    }
    kept = {f"records/{name}" for (name,) in sas.sql("select id from enquiries")}
    return len(known - kept)


def test_the_staff_see_what_kind_of_question_it_is_and_read_it(sas: House, office: Office) -> None:
    about, address = str(uuid4()), f"{uuid4()}@example.org"
    found = asked(
        sas,
        office.who,
        about,
        kind=pb.QUESTION_KIND_WORRY,
        question="Is she well?",
        answer_to="ring me in the evening",
        mail_address=address,
    )
    assert found.kind == pb.ENQUIRY_KIND_THIRD_PARTY
    assert found.question_kind == pb.QUESTION_KIND_WORRY
    opened = read(sas, office.who, found.name)
    assert (opened.about, opened.words, opened.answer_to, opened.mail_address) == (
        about,
        "Is she well?",
        "ring me in the evening",
        address,
    )
    line = sas.sql(
        "select actor, effect from entries where action = 'enquiry:read' and record = %s",
        found.name.replace("enquiries/", "records/"),
        database="consent",
    )
    assert line == [(office.who.name, "allow")]


def test_no_word_of_a_question_is_in_the_tables_or_the_logs(sas: House, office: Office) -> None:
    about, address = f"{CANARY}-{uuid4()}", f"{uuid4()}@example.org"
    found = asked(sas, office.who, about, mail_address=address)
    answer(sas, office.who, found.name, MAIL)
    for place in (sas.dump(), sas.logs()):
        assert CANARY.encode() not in place
        assert about.encode() not in place
        assert address.encode() not in place


def test_a_question_is_answered_once_and_that_is_in_the_ledger(sas: House, office: Office) -> None:
    found = asked(sas, office.who, str(uuid4()))
    answered = answer(sas, office.who, found.name, TELEPHONE)
    assert answered.question_state == pb.QUESTION_STATE_ANSWERED
    assert answered == answer(sas, office.who, found.name, TELEPHONE)
    with pytest.raises(WrongState):
        answer(sas, adviser(), found.name, pb.REPLY_CHANNEL_DESK)
    assert found.name not in {each.name for each in questions(sas, office.who)}
    lines = sas.sql(
        "select actor, effect from entries where action = 'enquiry:answer' and record = %s",
        found.name.replace("enquiries/", "records/"),
        database="consent",
    )
    assert lines[0] == (office.who.name, "allow")
    assert sas.sql(
        "select staff_member, script_version from question_events where enquiry_id = %s",
        found.name.partition("/")[2],
    ) == [(office.who.name, "2026-10-01")]


def test_a_question_is_closed_and_stays_so(sas: House, office: Office) -> None:
    found = asked(sas, office.who, str(uuid4()))
    request = pb.CloseQuestionRequest(name=found.name)
    closed = sas.call(office.who, sas.enquiries.CloseQuestion, request)
    assert closed.question_state == pb.QUESTION_STATE_CLOSED
    assert closed == sas.call(office.who, sas.enquiries.CloseQuestion, request)
    with pytest.raises(WrongState):
        answer(sas, office.who, found.name, TELEPHONE)


def test_a_trustee_answers_nothing_and_learns_nothing(sas: House, office: Office) -> None:
    trustee = adviser(roles=frozenset({"trustee"}), permissions=frozenset())
    found = asked(sas, office.who, str(uuid4()))
    never = f"enquiries/{uuid4()}"
    refused = [
        sas.refusal(
            trustee,
            "EnquiriesService/AnswerQuestion",
            pb.AnswerQuestionRequest(name=name, channel=TELEPHONE),
        )
        for name in (found.name, never)
    ]
    assert (refused[0].code, refused[0].details) == (refused[1].code, refused[1].details)
    with pytest.raises(NotAvailable):
        answer(sas, office.who, never, TELEPHONE)


def test_an_enquiry_of_our_own_is_no_question(sas: House, office: Office) -> None:
    recorded = sas.call(
        office.who,
        sas.enquiries.RecordEnquiry,
        pb.RecordEnquiryRequest(words="how to appeal", topic="appeal", request_id=str(uuid4())),
    )
    assert recorded.question_state == pb.QUESTION_STATE_UNSPECIFIED
    with pytest.raises(NotAvailable):
        answer(sas, office.who, recorded.name, TELEPHONE)
    request = pb.CloseQuestionRequest(name=recorded.name)
    with pytest.raises(NotAvailable):
        sas.call(office.who, sas.enquiries.CloseQuestion, request)


def test_the_words_come_with_one_call(sas: House, office: Office) -> None:
    request = pb.GetReplyScriptRequest(channel=TELEPHONE)
    script = sas.call(office.who, sas.enquiries.GetReplyScript, request)
    assert "neither as a yes nor as a no" in script.text
    assert script.guidance


# By mail


def test_without_an_address_nothing_is_mailed(sas: House, office: Office) -> None:
    found = asked(sas, office.who, str(uuid4()))
    with pytest.raises(InvalidFields):
        answer(sas, office.who, found.name, MAIL)
    assert found.name in {each.name for each in questions(sas, office.who)}


def test_a_mail_is_the_same_about_everybody_and_leaves_at_its_hour(
    sas: House, office: Office, zoe: Person
) -> None:
    """Whether or not there is a student: the same words, the same delay, and neither name in it."""
    office.opens_case(zoe)
    addresses = [f"{uuid4()}@example.org" for _ in range(2)]
    about = [zoe.name, "Somebody Unknown"]
    found = [
        asked(sas, office.who, whom, mail_address=address)
        for whom, address in zip(about, addresses, strict=True)
    ]
    answered = [answer(sas, office.who, each.name, MAIL) for each in found]
    assert {each.reply_mail for each in answered} == {pb.REPLY_MAIL_STATE_WAITING}
    leaves = {each.reply_leaves_at.ToDatetime(UTC) for each in answered}
    assert len(leaves) == 1
    assert leaves.pop() > datetime.now(UTC) + timedelta(hours=23)
    assert not any(sas.mails(address) for address in addresses)
    for each in found:
        _its_hour_has_come(sas, each.name)
    eventually(lambda: all(sas.mails(address) for address in addresses))
    first, second = (_constant(sas.mails(address)[0]) for address in addresses)
    assert first == second
    assert first[1] == script_in_force(ReplyChannel.MAIL, datetime.now(UTC).date()).text
    assert CANARY not in str(first)
    states = "select distinct state, sealed from mails where about = any(%s)"
    names = [each.name for each in found]
    eventually(lambda: sas.sql(states, names) == [("sent", None)])


def test_a_mail_goes_once(sas: House, office: Office) -> None:
    address = f"{uuid4()}@example.org"
    found = asked(sas, office.who, str(uuid4()), mail_address=address)
    answer(sas, office.who, found.name, MAIL)
    answer(sas, office.who, found.name, MAIL)
    _its_hour_has_come(sas, found.name)
    eventually(lambda: sas.mails(address))
    _its_hour_has_come(sas, found.name)
    waiting = "select count(*) from mails where state = 'waiting' and leaves_at < now()"
    eventually(lambda: sas.sql(waiting) == [(0,)])
    assert len(sas.mails(address)) == 1


def _its_hour_has_come(sas: House, name: str) -> None:
    """Let the day pass."""
    sas.sql("update mails set leaves_at = now() - interval '1 minute' where about = %s", name)


def _constant(mail: Mail) -> tuple[list[tuple[str, str]], str]:
    """Give what should be the same in every mail."""
    headers = [(key, value) for key, value in mail.items() if key not in LATER]
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    return headers, text.decode().strip().replace("\r\n", "\n")
