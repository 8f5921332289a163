"""Redactions."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import redactions_pb2 as pb
from sas.cases.v1 import redactions_pb2_grpc

from common.caller import current_caller
from services.cases.actions import redactions
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.payload import MEDIA_TYPE
from services.cases.domain.redaction import Mark, RedactionReason

_PREFIX = "REDACTION_REASON_"


@attrs.frozen
class RedactionsServicer(redactions_pb2_grpc.RedactionsServiceServicer):
    """See `sas/cases/v1/redactions.proto`."""

    tools: Tools

    def RedactItem(
        self, request: pb.RedactItemRequest, context: grpc.ServicerContext
    ) -> pb.Redaction:
        redaction = redactions.redact_item(
            self.tools,
            current_caller(),
            request.parent,
            [_mark(each) for each in request.marks],
            request_id=request.request_id,
        )
        return pb.Redaction(
            name=redaction.name,
            item=redaction.item,
            author=redaction.author,
            create_time=timestamp(redaction.created_at),
        )

    def PreviewRedaction(
        self, request: pb.PreviewRedactionRequest, context: grpc.ServicerContext
    ) -> pb.RedactionPreview:
        shown = redactions.preview_redaction(self.tools, request.name)
        return pb.RedactionPreview(
            marks=[_to_proto(each) for each in shown.marks],
            media_type=MEDIA_TYPE,
            content=shown.content,
        )


def _mark(said: pb.RedactionMark) -> Mark:
    name = pb.RedactionReason.Name(said.reason).removeprefix(_PREFIX).lower()
    return Mark(RedactionReason(name), said.passage, said.page, said.why)


def _to_proto(mark: Mark) -> pb.RedactionMark:
    return pb.RedactionMark(
        reason=pb.RedactionReason.Value(_PREFIX + mark.reason.upper()),
        passage=mark.passage,
        page=mark.page,
        why=mark.why,
    )
