"""Cases."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import cases_pb2 as pb
from sas.cases.v1 import cases_pb2_grpc

from common.caller import current_caller
from services.cases.actions import cases, conflicts
from services.cases.actions.tools import Tools
from services.cases.domain.cases import Case
from services.cases.domain.states import CaseState

_STATES = {
    CaseState.OPEN: pb.CASE_STATE_OPEN,
    CaseState.CLOSED: pb.CASE_STATE_CLOSED,
    CaseState.DISPOSAL_DUE: pb.CASE_STATE_DISPOSAL_DUE,
    CaseState.DISPOSED: pb.CASE_STATE_DISPOSED,
}


@attrs.frozen
class CasesServicer(cases_pb2_grpc.CasesServiceServicer):
    """See `sas/cases/v1/cases.proto`."""

    tools: Tools

    def OpenCase(self, request: pb.OpenCaseRequest, context: grpc.ServicerContext) -> pb.Case:
        case = cases.open_case(
            self.tools,
            current_caller(),
            student=request.student,
            topic=request.topic,
            contact_date=request.contact_date,
            from_enquiry=request.from_enquiry,
            request_id=request.request_id,
        )
        return _to_proto(case)

    def GetCase(self, request: pb.GetCaseRequest, context: grpc.ServicerContext) -> pb.Case:
        return _to_proto(cases.get_case(self.tools, request.name))

    def ListCases(
        self, request: pb.ListCasesRequest, context: grpc.ServicerContext
    ) -> pb.ListCasesResponse:
        found, next_token = cases.list_cases(
            self.tools,
            asked=request.page_size,
            page_token=request.page_token,
            student=request.student,
            disposal_due=request.disposal_due,
        )
        return pb.ListCasesResponse(
            cases=[_to_proto(case) for case in found], next_page_token=next_token
        )

    def CheckCaseForConflict(
        self, request: pb.CheckCaseForConflictRequest, context: grpc.ServicerContext
    ) -> pb.CheckCaseForConflictResponse:
        answer = conflicts.should_pass_on(self.tools, request.about)
        return pb.CheckCaseForConflictResponse(pass_to_a_colleague=answer)

    def CloseCase(self, request: pb.CloseCaseRequest, context: grpc.ServicerContext) -> pb.Case:
        case = cases.close_case(
            self.tools, request.name, outcome=request.outcome, expected_etag=request.etag
        )
        return _to_proto(case)


def _to_proto(case: Case) -> pb.Case:
    return pb.Case(
        name=case.name,
        student=case.student,
        adviser=case.adviser,
        state=_STATES[case.state],
        last_involvement_date=case.last_involvement.isoformat(),
        dispose_from_date=case.dispose_from.isoformat(),
        etag=cases.case_etag(case),
    )
