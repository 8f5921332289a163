"""Retention."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import retention_pb2 as pb
from sas.cases.v1 import retention_pb2_grpc

from common.caller import current_caller
from services.cases.actions import retention
from services.cases.actions.tools import Tools


@attrs.frozen
class RetentionServicer(retention_pb2_grpc.RetentionServiceServicer):
    """See `sas/cases/v1/retention.proto`."""

    tools: Tools

    def DisposeCase(
        self, request: pb.DisposeCaseRequest, context: grpc.ServicerContext
    ) -> pb.DisposeCaseResponse:
        act = retention.dispose_case if request.really else retention.show_disposal
        prospect = act(self.tools, current_caller(), request.name)
        return pb.DisposeCaseResponse(
            record=prospect.record,
            dispose_from_date=prospect.dispose_from.isoformat(),
            due=prospect.due,
            authorised=prospect.authorised,
            open_prints=prospect.open_prints,
        )
