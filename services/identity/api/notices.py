"""Notices: the one thing that is public."""

from __future__ import annotations

import attrs
import grpc
from sas.identity.v1 import notices_pb2 as pb
from sas.identity.v1 import notices_pb2_grpc

from common.errors import NotAvailable
from services.identity.actions.parts import now_in_utc
from services.identity.api.times import timestamp
from services.identity.domain.notices import notice_in_force


@attrs.frozen
class NoticesServicer(notices_pb2_grpc.NoticesServiceServicer):
    """See `sas/identity/v1/notices.proto`. No transaction and no person, so there is no action."""

    def GetNotice(self, request: pb.GetNoticeRequest, context: grpc.ServicerContext) -> pb.Notice:
        notice = notice_in_force(request.name, now_in_utc())
        if notice is None:
            raise NotAvailable
        return pb.Notice(
            name=notice.name,
            version=notice.version,
            language=notice.language,
            text=notice.text,
            text_sha256=notice.sha256,
            effective_time=timestamp(notice.effective_time),
        )
