"""Enquiries, and questions from outside."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import enquiries_pb2 as pb
from sas.cases.v1 import enquiries_pb2_grpc

from common.caller import current_caller
from services.cases.actions import enquiries
from services.cases.actions.tools import Tools
from services.cases.api.translate import name_or_empty
from services.cases.domain.enquiries import Enquiry, EnquiryWords
from services.cases.domain.states import EnquiryKind

_KINDS = {
    EnquiryKind.STUDENT: pb.ENQUIRY_KIND_STUDENT,
    EnquiryKind.THIRD_PARTY: pb.ENQUIRY_KIND_THIRD_PARTY,
}


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
        )

    def ListEnquiries(
        self, request: pb.ListEnquiriesRequest, context: grpc.ServicerContext
    ) -> pb.ListEnquiriesResponse:
        found, next_token = enquiries.list_enquiries(
            self.tools, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListEnquiriesResponse(
            enquiries=[_to_summary(enquiry) for enquiry in found], next_page_token=next_token
        )

    def AskAboutStudent(
        self, request: pb.AskAboutStudentRequest, context: grpc.ServicerContext
    ) -> pb.AskAboutStudentResponse:
        answer = enquiries.ask_about_student(
            self.tools,
            about=request.about,
            question=request.question,
            answer_to=request.answer_to,
        )
        return pb.AskAboutStudentResponse(answer=answer)


def _to_summary(enquiry: Enquiry) -> pb.EnquirySummary:
    return pb.EnquirySummary(
        name=enquiry.name,
        contact_date=enquiry.contact_date.isoformat(),
        kind=_KINDS[enquiry.kind],
        case=name_or_empty("cases", enquiry.case_id),
    )
