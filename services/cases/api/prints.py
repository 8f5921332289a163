"""Prints."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import prints_pb2 as pb
from sas.cases.v1 import prints_pb2_grpc
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import current_caller
from services.cases.actions import prints
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.names import name_of
from services.cases.domain.prints import Print


@attrs.frozen
class PrintsServicer(prints_pb2_grpc.PrintsServiceServicer):
    """See `sas/cases/v1/prints.proto`."""

    tools: Tools

    def PrintItems(
        self, request: pb.PrintItemsRequest, context: grpc.ServicerContext
    ) -> pb.PrintedItems:
        printed, released = prints.print_items(
            self.tools,
            current_caller(),
            prints.Wanted(
                case=request.parent,
                items=request.items,
                purpose=request.purpose,
                kept_in=request.kept_in,
            ),
            request_id=request.request_id,
        )
        return pb.PrintedItems(
            print=_to_proto(printed), media_type=released.media_type, content=released.content
        )

    def ListPrints(
        self, request: pb.ListPrintsRequest, context: grpc.ServicerContext
    ) -> pb.ListPrintsResponse:
        found, next_token = prints.list_prints(
            self.tools,
            case=request.case,
            only_kept=request.only_kept,
            asked=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListPrintsResponse(
            prints=[_to_proto(each) for each in found], next_page_token=next_token
        )

    def AttestDestruction(
        self, request: pb.AttestDestructionRequest, context: grpc.ServicerContext
    ) -> pb.Print:
        return _to_proto(prints.attest_destruction(self.tools, current_caller(), request.name))


def _to_proto(printed: Print) -> pb.Print:
    return pb.Print(
        name=printed.name,
        case=name_of("cases", printed.case_id),
        items=printed.items,
        purpose=Purpose.Value(printed.purpose),
        printed_by=printed.printed_by,
        print_time=timestamp(printed.printed_at),
        kept_in=printed.kept_in,
        destroyed_by=printed.destroyed_by or "",
        destroy_time=timestamp(printed.destroyed_at) if printed.destroyed_at else None,
    )
