"""
Questions from outside: taken without looking anything up, and answered with the same words (R9).

"Confidentiality also includes not confirming that any student has used or is using the Service
without the student's consent."
"""

from __future__ import annotations

import structlog
from sas.common.v1.purpose_pb2 import PURPOSE_RECORD_KEEPING

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from services.cases.actions.tools import Tools
from services.cases.domain.enquiries import ANSWER_TO_EVERYBODY, Enquiry, EnquiryWords
from services.cases.domain.mails import Contents, Mail, MailKind
from services.cases.domain.names import id_of, record_of
from services.cases.domain.replies import TRIED_FOR, Script, leaves_at, script_in_force
from services.cases.domain.states import (
    EnquiryKind,
    QuestionKind,
    QuestionState,
    ReplyChannel,
)
from services.cases.storage.sealed import WORDS

log = structlog.get_logger(__name__)


def ask_about_student(
    tools: Tools,
    kind: QuestionKind,
    *,
    about: str,
    question: str,
    answer_to: str,
    mail_address: str,
) -> str:
    """
    Take a third party's question about somebody, and give the answer that everybody gets.

    Nothing is looked up and nobody else is asked, so neither the answer nor the time it takes
    depends on whom it is about. Questions from outside are not counted in reports: anybody may
    send any number of them.

    Raises:
        TryAgain: it could not be kept.
    """
    new = tools.envelopes.take()
    words = EnquiryWords(question, "not-yet-known", about, answer_to, mail_address)
    sealed = new.envelope.close({WORDS: words.to_bytes()})
    enquiry = Enquiry(
        new.id,
        EnquiryKind.THIRD_PARTY,
        tools.today(),
        "",
        None,
        question=kind,
        question_state=QuestionState.OPEN,
    )
    with tools.begin() as work:
        work.enquiries.add(enquiry, sealed, tools.now())
        work.commit()
    log.info("question_taken", enquiry=enquiry.name)
    return ANSWER_TO_EVERYBODY


def reply_script(tools: Tools, channel: ReplyChannel) -> Script:
    """Give the words that everybody gets, for one way of answering."""
    return script_in_force(channel, tools.today())


def answer_question(tools: Tools, who: Caller, name: str, channel: ReplyChannel) -> Enquiry:
    """
    Answer a question with the words that everybody gets.

    Consent decides and writes it down. For a mail it also opens the address, which is sealed again
    for the worker that sends it when its hour has come.

    Raises:
        NotAvailable: the caller may not, or there is no such question.
        WrongState: it was answered in another way, or closed.
        InvalidFields: nobody gave an address to send a mail to.
        TryAgain: consent or Vault can't be reached.
    """
    with tools.begin() as work:
        enquiry = work.enquiries.find(id_of(name, "enquiries"))
        sealed = work.enquiries.sealed(enquiry) if enquiry else None
        asked_at = work.enquiries.asked_at(enquiry.id) if enquiry else tools.now()
    keys = tools.consent.open(
        record_of(name.partition("/")[2]),
        [sealed] if sealed and channel is ReplyChannel.MAIL else [],
        action="enquiry:answer",
        purpose=PURPOSE_RECORD_KEEPING,
        about=name,
    )
    if enquiry is None or sealed is None or enquiry.kind is not EnquiryKind.THIRD_PARTY:
        raise NotAvailable
    script = script_in_force(channel, tools.today())
    address = ""
    if channel is ReplyChannel.MAIL:
        address = EnquiryWords.from_bytes(keys.open(sealed)).mail_address
        if not address:
            raise InvalidFields({"channel": "nobody gave an address to send a mail to"})
    reply = ""
    if address:
        reply = tools.post.seal(MailKind.REPLY, enquiry.name, Contents(address))
    now = tools.now()
    with tools.begin() as work:
        first = work.enquiries.moves(
            enquiry.id,
            to=QuestionState.ANSWERED,
            channel=channel,
            by=who.person,
            script_version=script.version,
            at=now,
        )
        if first and reply:
            leaves = leaves_at(asked_at, now)
            work.mails.put(
                Mail(
                    MailKind.REPLY, enquiry.name, leaves, leaves + TRIED_FOR, reply, script.version
                )
            )
        answered = work.enquiries.find(enquiry.id) or enquiry
        if (answered.question_state, answered.reply_channel) != (QuestionState.ANSWERED, channel):
            raise WrongState("This question was answered in another way, or closed.")
        work.commit()
    log.info("question_answered", enquiry=name)
    return answered


def close_question(tools: Tools, who: Caller, name: str) -> Enquiry:
    """
    Close a question, answered or not. Closing it again changes nothing.

    Raises:
        NotAvailable: there is no such question.
    """
    with tools.begin() as work:
        enquiry = work.enquiries.find(id_of(name, "enquiries"))
        if enquiry is None or enquiry.kind is not EnquiryKind.THIRD_PARTY:
            raise NotAvailable
        work.enquiries.moves(enquiry.id, to=QuestionState.CLOSED, by=who.person, at=tools.now())
        closed = work.enquiries.find(enquiry.id) or enquiry
        work.commit()
    log.info("question_closed", enquiry=name)
    return closed
