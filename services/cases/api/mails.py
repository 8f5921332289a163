"""Mails that did not leave, or not surely."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import mails_pb2 as pb
from sas.cases.v1 import mails_pb2_grpc

from common.caller import current_caller
from services.cases.actions import unsent_mails
from services.cases.actions.tools import Tools
from services.cases.api.translate import name_or_empty, timestamp
from services.cases.domain.mails import UnsentMail


@attrs.frozen
class MailsServicer(mails_pb2_grpc.MailsServiceServicer):
    """See `sas/cases/v1/mails.proto`."""

    tools: Tools

    def ListUnsentMails(
        self, request: pb.ListUnsentMailsRequest, context: grpc.ServicerContext
    ) -> pb.ListUnsentMailsResponse:
        found, next_token = unsent_mails.list_unsent_mails(
            self.tools, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListUnsentMailsResponse(
            unsent_mails=[_to_proto(each) for each in found], next_page_token=next_token
        )

    def AcknowledgeUnsentMail(
        self, request: pb.AcknowledgeUnsentMailRequest, context: grpc.ServicerContext
    ) -> pb.AcknowledgeUnsentMailResponse:
        unsent_mails.acknowledge_unsent_mail(self.tools, current_caller(), request.about)
        return pb.AcknowledgeUnsentMailResponse()


def _to_proto(mail: UnsentMail) -> pb.UnsentMail:
    return pb.UnsentMail(
        about=mail.about,
        case=name_or_empty("cases", mail.case_id),
        trouble=pb.MailTrouble.Value(f"MAIL_TROUBLE_{mail.trouble.upper()}"),
        time=timestamp(mail.at),
    )
