"""Enquiries, and questions from outside."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import enquiries_pb2 as pb
from sas.cases.v1 import enquiries_pb2_grpc

from common.caller import current_caller
from services.cases.actions import enquiries, questions
from services.cases.actions.tools import Tools
from services.cases.api.translate import name_or_empty, timestamp
from services.cases.domain.enquiries import Enquiry, EnquiryWords
from services.cases.domain.mails import MailState
from services.cases.domain.states import (
    EnquiryKind,
    QuestionKind,
    QuestionState,
    ReplyChannel,
)

_KINDS = {
    EnquiryKind.STUDENT: pb.ENQUIRY_KIND_STUDENT,
    EnquiryKind.THIRD_PARTY: pb.ENQUIRY_KIND_THIRD_PARTY,
}
_QUESTIONS = {
    QuestionKind.NOT_SAID: pb.QUESTION_KIND_UNSPECIFIED,
    QuestionKind.USE: pb.QUESTION_KIND_USE,
    QuestionKind.WORRY: pb.QUESTION_KIND_WORRY,
}
_STATES = {
    QuestionState.NO_QUESTION: pb.QUESTION_STATE_UNSPECIFIED,
    QuestionState.OPEN: pb.QUESTION_STATE_OPEN,
    QuestionState.ANSWERED: pb.QUESTION_STATE_ANSWERED,
    QuestionState.CLOSED: pb.QUESTION_STATE_CLOSED,
}
_CHANNELS = {
    ReplyChannel.NONE: pb.REPLY_CHANNEL_UNSPECIFIED,
    ReplyChannel.TELEPHONE: pb.REPLY_CHANNEL_TELEPHONE,
    ReplyChannel.DESK: pb.REPLY_CHANNEL_DESK,
    ReplyChannel.MAIL: pb.REPLY_CHANNEL_MAIL,
}
_MAILS = {
    None: pb.REPLY_MAIL_STATE_UNSPECIFIED,
    MailState.WAITING: pb.REPLY_MAIL_STATE_WAITING,
    MailState.LEAVING: pb.REPLY_MAIL_STATE_WAITING,
    MailState.SENT: pb.REPLY_MAIL_STATE_SENT,
    MailState.NOT_TAKEN: pb.REPLY_MAIL_STATE_NOT_DELIVERED,
    MailState.EXPIRED: pb.REPLY_MAIL_STATE_NOT_DELIVERED,
    MailState.BROKEN: pb.REPLY_MAIL_STATE_NOT_DELIVERED,
    MailState.UNSURE: pb.REPLY_MAIL_STATE_NOT_DELIVERED,
}
_KIND_OF = {code: kind for kind, code in _QUESTIONS.items()}
_STATE_OF = {code: state for state, code in _STATES.items() if code}
_CHANNEL_OF = {code: channel for channel, code in _CHANNELS.items()}


@attrs.frozen
class EnquiriesServicer(enquiries_pb2_grpc.EnquiriesServiceServicer):
    """See `sas/cases/v1/enquiries.proto`."""

    tools: Tools

    def RecordEnquiry(
        self, request: pb.RecordEnquiryRequest, context: grpc.ServicerContext
    ) -> pb.EnquirySummary:
        enquiry = enquiries.record_enquiry(
            self.tools,
            current_caller(),
            EnquiryWords(request.words, request.topic),
            contact_date=request.contact_date,
            request_id=request.request_id,
        )
        return _to_summary(enquiry)

    def GetEnquiry(
        self, request: pb.GetEnquiryRequest, context: grpc.ServicerContext
    ) -> pb.Enquiry:
        enquiry, words = enquiries.read_enquiry(self.tools, request.name, request.purpose)
        return pb.Enquiry(
            name=enquiry.name,
            words=words.words,
            topic=words.topic,
            case=name_or_empty("cases", enquiry.case_id),
            question_kind=_QUESTIONS[enquiry.question],
            about=words.about,
            answer_to=words.answer_to,
            mail_address=words.mail_address,
        )

    def ListEnquiries(
        self, request: pb.ListEnquiriesRequest, context: grpc.ServicerContext
    ) -> pb.ListEnquiriesResponse:
        found, next_token = enquiries.list_enquiries(
            self.tools,
            asked=request.page_size,
            page_token=request.page_token,
            state=_STATE_OF.get(request.question_state),
        )
        return pb.ListEnquiriesResponse(
            enquiries=[_to_summary(enquiry) for enquiry in found], next_page_token=next_token
        )

    def AskAboutStudent(
        self, request: pb.AskAboutStudentRequest, context: grpc.ServicerContext
    ) -> pb.AskAboutStudentResponse:
        answer = questions.ask_about_student(
            self.tools,
            _KIND_OF[request.kind],
            about=request.about,
            question=request.question,
            answer_to=request.answer_to,
            mail_address=request.mail_address,
        )
        return pb.AskAboutStudentResponse(answer=answer)

    def GetReplyScript(
        self, request: pb.GetReplyScriptRequest, context: grpc.ServicerContext
    ) -> pb.ReplyScript:
        script = questions.reply_script(self.tools, _CHANNEL_OF[request.channel])
        return pb.ReplyScript(
            channel=request.channel,
            version=script.version,
            language=script.language,
            text=script.text,
            guidance=script.guidance,
        )

    def AnswerQuestion(
        self, request: pb.AnswerQuestionRequest, context: grpc.ServicerContext
    ) -> pb.EnquirySummary:
        channel = _CHANNEL_OF[request.channel]
        return _to_summary(
            questions.answer_question(self.tools, current_caller(), request.name, channel)
        )

    def CloseQuestion(
        self, request: pb.CloseQuestionRequest, context: grpc.ServicerContext
    ) -> pb.EnquirySummary:
        return _to_summary(questions.close_question(self.tools, current_caller(), request.name))


def _to_summary(enquiry: Enquiry) -> pb.EnquirySummary:
    return pb.EnquirySummary(
        name=enquiry.name,
        contact_date=enquiry.contact_date.isoformat(),
        kind=_KINDS[enquiry.kind],
        case=name_or_empty("cases", enquiry.case_id),
        question_kind=_QUESTIONS[enquiry.question],
        question_state=_STATES[enquiry.question_state],
        reply_channel=_CHANNELS[enquiry.reply_channel],
        reply_mail=_MAILS[enquiry.mail.state if enquiry.mail else None],
        reply_leaves_at=timestamp(enquiry.mail.leaves_at) if enquiry.mail else None,
    )
