"""The name behind a line of a student's list, over gRPC."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from sas.common.v1.naming_pb2 import (
    NAME_ANSWER_RELEASE,
    NameAnswer,
    NameGround,
    NameView,
    NotHeard,
)
from sas.consent.v1 import name_procedure_pb2 as pb
from sas.consent.v1 import name_procedure_pb2_grpc

from services.consent.actions import name_requests
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, code, timestamp, value
from services.consent.domain import balancing
from services.consent.domain.name_requests import NameRequest


class NameProcedureServicer(name_procedure_pb2_grpc.NameProcedureServiceServicer):
    """Asked by the student, balanced by a manager, told by identity."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def AuthoriseNameRequest(
        self, request: pb.AuthoriseNameRequestRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseNameRequestResponse:
        made = name_requests.make(
            self._parts,
            caller(),
            request.name,
            line=request.line,
            payload_digest=request.payload_digest,
        )
        return pb.AuthoriseNameRequestResponse(record=made.record, due_at=timestamp(made.due_at))

    def AuthoriseNameView(
        self, request: pb.AuthoriseNameViewRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseNameViewResponse:
        name_requests.give_view(
            self._parts,
            caller(),
            request.name,
            code(NameView, request.view),
            about=request.about,
            payload_digest=request.payload_digest,
        )
        return pb.AuthoriseNameViewResponse()

    def AuthoriseNameDecision(
        self, request: pb.AuthoriseNameDecisionRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseNameDecisionResponse:
        answer = name_requests.Answer(
            released=request.answer == NAME_ANSWER_RELEASE,
            grounds=frozenset(code(NameGround, each) for each in request.grounds),
            not_heard=code(NotHeard, request.not_heard) if request.not_heard else "",
        )
        name_requests.decide_name(
            self._parts,
            caller(),
            request.name,
            answer,
            about=request.about,
            payload_digest=request.payload_digest,
        )
        return pb.AuthoriseNameDecisionResponse()

    def AuthoriseNameRelease(
        self, request: pb.AuthoriseNameReleaseRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseNameReleaseResponse:
        named = name_requests.release(self._parts, caller(), request.name)
        return pb.AuthoriseNameReleaseResponse(staff_member=named)

    def ListNameRequests(
        self, request: pb.ListNameRequestsRequest, context: grpc.ServicerContext
    ) -> pb.ListNameRequestsResponse:
        found = name_requests.own(self._parts, caller())
        return pb.ListNameRequestsResponse(name_requests=map(_request, found))

    def ListNameTasks(
        self, request: pb.ListNameTasksRequest, context: grpc.ServicerContext
    ) -> pb.ListNameTasksResponse:
        found = name_requests.tasks(self._parts, caller())
        return pb.ListNameTasksResponse(tasks=map(self._task, found))

    def ListNameGrounds(
        self, request: pb.ListNameGroundsRequest, context: grpc.ServicerContext
    ) -> pb.ListNameGroundsResponse:
        return pb.ListNameGroundsResponse(grounds=_in_words(balancing.NAME_GROUNDS))

    def _task(self, found: NameRequest) -> pb.NameTask:
        return pb.NameTask(
            name=found.name,
            staff_member=found.named,
            record=found.line.record,
            line_time=timestamp(found.line.at),
            role=found.line.role,
            action=found.line.action,
            purpose=found.line.purpose,
            asked_at=timestamp(found.asked_at),
            due_at=timestamp(found.due_at),
            overdue=found.overdue(self._parts.clock()),
            view=value(NameView, found.view.code if found.view else None),
            hidden=found.hidden,
        )


def _request(found: NameRequest) -> pb.RequestedName:
    decision = found.decision
    answer = pb.RequestedName(
        name=found.name,
        line=found.line.name,
        asked_at=timestamp(found.asked_at),
        due_at=timestamp(found.due_at),
        state=pb.NAME_REQUEST_STATE_ASKED,
    )
    if decision is None:
        return answer
    answer.decided_at.FromDatetime(decision.at)
    answer.state = pb.NAME_REQUEST_STATE_RELEASED
    if not decision.released:
        answer.state = pb.NAME_REQUEST_STATE_WITHHELD
        against = balancing.speaking_for(balancing.WITHHOLD, decision.grounds)
        answer.reasons.extend(_in_words(against))
        answer.remedies = balancing.REMEDIES
    return answer


def _in_words(grounds: Iterable[balancing.NameGround]) -> list[pb.GroundInWords]:
    return [
        pb.GroundInWords(
            ground=value(NameGround, each.code),
            answer=value(NameAnswer, each.answer),
            words=each.words,
            source=each.source,
        )
        for each in grounds
    ]
