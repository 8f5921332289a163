"""Access requests and the copies for them."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import access_requests_pb2 as pb
from sas.cases.v1 import access_requests_pb2_grpc
from sas.cases.v1.redactions_pb2 import RedactionReason as ReasonCode

from common.caller import Caller, current_caller
from services.cases.actions import access_copies, access_requests
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.access_copies import MEDIA_TYPE, AccessCopy, LeftOut
from services.cases.domain.access_requests import Happening, Manner, Standing
from services.cases.domain.names import name_of
from services.cases.domain.redaction import RedactionReason

_MANNER = "ACCESS_REQUEST_MANNER_"
_STATE = "ACCESS_REQUEST_STATE_"
_EXTENSION = "ACCESS_EXTENSION_REASON_"
_CLOCK = "ACCESS_CLOCK_REASON_"
_OUTCOME = "ACCESS_REQUEST_OUTCOME_"
_REASON = "REDACTION_REASON_"


@attrs.frozen
class AccessRequestsServicer(access_requests_pb2_grpc.AccessRequestsServiceServicer):
    """See `sas/cases/v1/access_requests.proto`."""

    tools: Tools

    def RequestAccess(
        self, request: pb.RequestAccessRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        made = access_requests.request_access(self.tools, who, request_id=request.request_id)
        return _to_proto(who, made)

    def EnterAccessRequest(
        self, request: pb.EnterAccessRequestRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        entered = access_requests.enter_access_request(
            self.tools,
            who,
            request.student,
            manner=Manner(_code(pb.AccessRequestManner.Name(request.manner), _MANNER)),
            received_on=request.received_on,
            request_id=request.request_id,
        )
        return _to_proto(who, entered)

    def GetAccessRequest(
        self, request: pb.GetAccessRequestRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        return _to_proto(who, access_requests.get_access_request(self.tools, who, request.name))

    def ListAccessRequests(
        self, request: pb.ListAccessRequestsRequest, context: grpc.ServicerContext
    ) -> pb.ListAccessRequestsResponse:
        who = current_caller()
        found, next_page = access_requests.list_access_requests(
            self.tools, who, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListAccessRequestsResponse(
            access_requests=[_to_proto(who, each) for each in found], next_page_token=next_page
        )

    def ExtendAccessRequest(
        self, request: pb.ExtendAccessRequestRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        reason = _code(pb.AccessExtensionReason.Name(request.reason), _EXTENSION)
        return _to_proto(who, access_requests.extend(self.tools, who, request.name, reason=reason))

    def StopAccessClock(
        self, request: pb.StopAccessClockRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        reason = _code(pb.AccessClockReason.Name(request.reason), _CLOCK)
        stopped = access_requests.stop_clock(
            self.tools, who, request.name, reason=reason, day=request.day
        )
        return _to_proto(who, stopped)

    def StartAccessClock(
        self, request: pb.StartAccessClockRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        started = access_requests.start_clock(self.tools, who, request.name, day=request.day)
        return _to_proto(who, started)

    def CloseAccessRequest(
        self, request: pb.CloseAccessRequestRequest, context: grpc.ServicerContext
    ) -> pb.RequestedAccess:
        who = current_caller()
        outcome = _code(pb.AccessRequestOutcome.Name(request.outcome), _OUTCOME)
        closed = access_requests.close_access_request(
            self.tools, who, request.name, outcome=outcome
        )
        return _to_proto(who, closed)

    def PrepareAccessCopy(
        self, request: pb.PrepareAccessCopyRequest, context: grpc.ServicerContext
    ) -> pb.AccessCopy:
        selection = access_copies.Selection(
            items=tuple(request.items),
            redactions=tuple(request.redactions),
            left_out=tuple(map(_left_out, request.left_out)),
        )
        copy = access_copies.prepare_copy(
            self.tools,
            current_caller(),
            request.access_request,
            selection,
            request_id=request.request_id,
        )
        return _copy(copy)

    def PreviewAccessCopy(
        self, request: pb.PreviewAccessCopyRequest, context: grpc.ServicerContext
    ) -> pb.AccessCopyPreview:
        copy, opened = access_copies.preview_copy(self.tools, request.name)
        return pb.AccessCopyPreview(
            copy=_copy(copy),
            media_type=MEDIA_TYPE,
            content=opened.content,
            left_out=[
                pb.LeftOutItem(
                    item=each.item,
                    reason=ReasonCode.Value(_REASON + each.reason.upper()),
                    why=each.why,
                )
                for each in opened.particulars.left_out
            ],
        )

    def ReleaseAccessCopy(
        self, request: pb.ReleaseAccessCopyRequest, context: grpc.ServicerContext
    ) -> pb.AccessCopy:
        return _copy(access_copies.release_copy(self.tools, current_caller(), request.name))

    def RecallAccessCopy(
        self, request: pb.RecallAccessCopyRequest, context: grpc.ServicerContext
    ) -> pb.AccessCopy:
        return _copy(access_copies.recall_copy(self.tools, current_caller(), request.name))

    def CollectAccessCopy(
        self, request: pb.CollectAccessCopyRequest, context: grpc.ServicerContext
    ) -> pb.CollectedAccessCopy:
        released = access_copies.collect_copy(self.tools, current_caller(), request.name)
        return pb.CollectedAccessCopy(media_type=released.media_type, content=released.content)


def _code(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _left_out(said: pb.LeftOutItem) -> LeftOut:
    reason = RedactionReason(_code(ReasonCode.Name(said.reason), _REASON))
    return LeftOut(said.item, reason, said.why)


def _copy(copy: AccessCopy) -> pb.AccessCopy:
    return pb.AccessCopy(
        name=copy.name,
        access_request=copy.request,
        student=copy.student,
        case=name_of("cases", copy.case_id),
        items=copy.items,
        redactions=copy.redactions,
    )


def _to_proto(who: Caller, standing: Standing) -> pb.RequestedAccess:
    request, clock = standing.request, standing.clock
    return pb.RequestedAccess(
        name=request.name,
        student=request.student,
        received_on=request.received_on.isoformat(),
        manner=pb.AccessRequestManner.Value(_MANNER + request.manner.upper()),
        state=pb.AccessRequestState.Value(_STATE + standing.state.upper()),
        due_on=clock.due_on.isoformat() if clock.due_on else "",
        extended_because=pb.AccessExtensionReason.Value(
            _named(_EXTENSION, standing.reason_for(Happening.EXTENDED))
        ),
        waits_for=pb.AccessClockReason.Value(
            _named(_CLOCK, standing.reason_for(Happening.CLOCK_STOPPED) if clock.stopped else "")
        ),
        outcome=pb.AccessRequestOutcome.Value(
            _named(_OUTCOME, standing.reason_for(Happening.CLOSED))
        ),
        copies=standing.copies_out,
        collected_copies=standing.copies_collected,
        # A student is told that something is left by the state, and not what.
        items_left=() if who.kind == "student" else standing.left,
        events=[
            pb.AccessRequestEvent(
                what=each.happening, time=timestamp(each.at), day=each.day.isoformat()
            )
            for each in standing.events
        ],
    )


def _named(prefix: str, code: str) -> str:
    return prefix + (code or "unspecified").upper()
