"""Breaches of confidentiality."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import attrs
import grpc
from sas.cases.v1 import breaches_pb2 as pb
from sas.cases.v1 import breaches_pb2_grpc

from common.caller import current_caller
from services.cases.actions import breaches, telling
from services.cases.actions.tools import Tools
from services.cases.domain.breaches import Breach, BreachWords, Recipient
from services.cases.domain.names import name_of
from services.cases.domain.states import BreachState

_STATES = {
    BreachState.DRAFT: pb.BREACH_STATE_DRAFT,
    BreachState.DECIDED: pb.BREACH_STATE_DECIDED,
    BreachState.DISCLOSED: pb.BREACH_STATE_DISCLOSED,
}
_ANSWERS = {pb.YES_NO_YES: True, pb.YES_NO_NO: False}


@attrs.frozen
class BreachesServicer(breaches_pb2_grpc.BreachesServiceServicer):
    """See `sas/cases/v1/breaches.proto`."""

    tools: Tools

    def DraftBreach(
        self, request: pb.DraftBreachRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach, missing = breaches.draft_breach(
            self.tools,
            current_caller(),
            request.parent,
            _from_proto(request.parts),
            request_id=request.request_id,
        )
        return _to_proto(breach, missing)

    def AmendBreach(
        self, request: pb.AmendBreachRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach, missing = breaches.amend_breach(
            self.tools,
            current_caller(),
            request.name,
            _from_proto(request.parts),
            expected_etag=request.etag,
        )
        return _to_proto(breach, missing)

    def DecideBreach(
        self, request: pb.DecideBreachRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach = breaches.decide_breach(
            self.tools, request.name, despite_advice=request.despite_advice
        )
        return _to_proto(breach)

    def RecordBreachDisclosure(
        self, request: pb.RecordBreachDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach = telling.record_told(
            self.tools,
            current_caller(),
            request.name,
            recipient=request.recipient,
            told=request.told,
            told_at=request.told_at.ToDatetime(UTC),
            request_id=request.request_id,
        )
        return _to_proto(breach)

    def GetBreach(
        self, request: pb.GetBreachRequest, context: grpc.ServicerContext
    ) -> pb.BreachRecord:
        opened = breaches.read_breach(self.tools, current_caller(), request.name)
        return pb.BreachRecord(
            breach=_to_proto(opened.breach, opened.missing),
            outline=opened.words.outline,
            reason=opened.words.reason,
            intended_outcome=opened.words.intended_outcome,
            student_spoken_to=opened.words.student_spoken_to,
            told=[each.line() for each in opened.told],
        )


def _from_proto(parts: pb.BreachParts) -> breaches.Parts:
    return breaches.Parts(
        ground=parts.ground,
        serious=_ANSWERS.get(parts.serious),
        imminent=_ANSWERS.get(parts.imminent),
        words=BreachWords(
            outline=parts.outline,
            reason=parts.reason,
            intended_outcome=parts.intended_outcome,
            student_spoken_to=parts.student_spoken_to,
        ),
        recipients=tuple(Recipient(each.third_party, each.kind) for each in parts.recipients),
    )


def _to_proto(breach: Breach, missing: Sequence[str] = ()) -> pb.Breach:
    return pb.Breach(
        name=breach.name,
        case=name_of("cases", breach.case_id),
        state=_STATES[breach.state],
        ground=breach.ground,
        recipients=[each.third_party for each in breach.recipients],
        missing=missing,
        etag=breaches.breach_etag(breach),
    )
