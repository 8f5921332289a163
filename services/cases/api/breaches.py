"""Breaches of confidentiality."""

from __future__ import annotations

from datetime import UTC

import attrs
import grpc
from sas.cases.v1 import breaches_pb2 as pb
from sas.cases.v1 import breaches_pb2_grpc

from common.caller import current_caller
from services.cases.actions import addenda, breaches, telling
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.breaches import Breach, BreachWords, Recipient, StudentFirst
from services.cases.domain.names import name_of
from services.cases.domain.states import BreachState
from services.cases.storage.consent import Standing

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
        breach, standing = breaches.draft_breach(
            self.tools,
            current_caller(),
            request.parent,
            _from_proto(request.parts),
            request_id=request.request_id,
        )
        return _to_proto(breach, standing)

    def AmendBreach(
        self, request: pb.AmendBreachRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach, standing = breaches.amend_breach(
            self.tools,
            current_caller(),
            request.name,
            _from_proto(request.parts),
            expected_etag=request.etag,
        )
        return _to_proto(breach, standing)

    def DecideBreach(
        self, request: pb.DecideBreachRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach = breaches.decide_breach(
            self.tools,
            request.name,
            despite_advice=request.despite_advice,
            emergency=request.emergency,
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
            breach=_to_proto(opened.breach, opened.standing),
            outline=opened.words.outline,
            reason=opened.words.reason,
            intended_outcome=opened.words.intended_outcome,
            student_spoken_to=opened.words.student_spoken_to,
            told=[each.line() for each in opened.told],
            nobody_reachable=opened.words.nobody_reachable,
            whose_safety=opened.breach.whose_safety,
            student_first=_first_to_proto(opened.breach.student_first),
            addenda=[
                pb.BreachAddendum(
                    author=each.author, added_at=timestamp(each.added_at), words=each.words
                )
                for each in opened.addenda
            ],
        )

    def AddBreachAddendum(
        self, request: pb.AddBreachAddendumRequest, context: grpc.ServicerContext
    ) -> pb.Breach:
        breach = addenda.add_addendum(
            self.tools,
            current_caller(),
            request.name,
            words=request.words,
            request_id=request.request_id,
        )
        return _to_proto(breach)


def _from_proto(parts: pb.BreachParts) -> breaches.Parts:
    return breaches.Parts(
        ground=parts.ground,
        serious=_ANSWERS.get(parts.serious),
        imminent=_ANSWERS.get(parts.imminent),
        whose_safety=parts.whose_safety,
        student_first=_first_from_proto(parts) if parts.HasField("student_first") else None,
        words=BreachWords(
            outline=parts.outline,
            reason=parts.reason,
            intended_outcome=parts.intended_outcome,
            student_spoken_to=parts.student_spoken_to,
            nobody_reachable=parts.nobody_reachable,
        ),
        recipients=tuple(Recipient(each.third_party, each.kind) for each in parts.recipients),
    )


def _first_from_proto(parts: pb.BreachParts) -> StudentFirst:
    said = parts.student_first
    tried = said.HasField("attempted_at")
    return StudentFirst(
        attempted_at=said.attempted_at.ToDatetime(UTC) if tried else None,
        channel=said.channel,
        result=said.result,
        why_not=said.why_not,
    )


def _first_to_proto(said: StudentFirst | None) -> pb.StudentFirst | None:
    if said is None:
        return None
    return pb.StudentFirst(
        attempted_at=timestamp(said.attempted_at) if said.attempted_at else None,
        channel=said.channel,
        result=said.result,
        why_not=said.why_not,
    )


def _to_proto(breach: Breach, standing: Standing = Standing()) -> pb.Breach:
    return pb.Breach(
        name=breach.name,
        case=name_of("cases", breach.case_id),
        state=_STATES[breach.state],
        ground=breach.ground,
        recipients=[each.third_party for each in breach.recipients],
        missing=standing.missing,
        warnings=standing.warnings,
        trusted_contacts=[
            pb.BreachTrustedContact(
                recipient=each.recipient,
                contact=each.contact,
                consent=each.consent,
                ends_at=timestamp(each.ends_at),
            )
            for each in standing.trusted_contacts
        ],
        etag=breaches.breach_etag(breach),
    )
