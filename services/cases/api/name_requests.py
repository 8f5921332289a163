"""The words around requests for the name behind a line of a student's list."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import name_requests_pb2 as pb
from sas.cases.v1 import name_requests_pb2_grpc

from common.caller import current_caller
from services.cases.actions import name_requests
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.name_requests import Part, Statement


@attrs.frozen
class NameRequestsServicer(name_requests_pb2_grpc.NameRequestsServiceServicer):
    """See `sas/cases/v1/name_requests.proto`."""

    tools: Tools

    def AskForName(
        self, request: pb.AskForNameRequest, context: grpc.ServicerContext
    ) -> pb.NameAsked:
        asked = name_requests.ask_for_name(
            self.tools,
            current_caller(),
            request.line,
            why=request.why,
            request_id=request.request_id,
        )
        return pb.NameAsked(name=asked.name, due_at=timestamp(asked.due_at))

    def GetNameRequest(
        self, request: pb.GetNameRequestRequest, context: grpc.ServicerContext
    ) -> pb.NameRequestRecord:
        opened = name_requests.read_name_request(self.tools, current_caller(), request.name)
        (why,) = opened.of(Part.WHY)
        return pb.NameRequestRecord(
            name=opened.name,
            why=why.words,
            views=map(_statement, opened.of(Part.VIEW)),
            reasons=next(map(_statement, opened.of(Part.DECISION)), None),
        )

    def GiveNameView(
        self, request: pb.GiveNameViewRequest, context: grpc.ServicerContext
    ) -> pb.GiveNameViewResponse:
        name_requests.give_view(
            self.tools,
            current_caller(),
            request.name,
            request.view,
            words=request.words,
            request_id=request.request_id,
        )
        return pb.GiveNameViewResponse()

    def DecideNameRequest(
        self, request: pb.DecideNameRequestRequest, context: grpc.ServicerContext
    ) -> pb.DecideNameRequestResponse:
        name_requests.decide_name(
            self.tools,
            current_caller(),
            request.name,
            name_requests.Decision(request.answer, request.grounds, request.not_heard),
            reasons=request.reasons,
            request_id=request.request_id,
        )
        return pb.DecideNameRequestResponse()


def _statement(said: Statement) -> pb.NameStatement:
    return pb.NameStatement(author=said.author, said_at=timestamp(said.said_at), words=said.words)
