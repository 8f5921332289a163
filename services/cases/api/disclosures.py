"""Disclosures."""

from __future__ import annotations

from datetime import timedelta

import attrs
import grpc
from sas.cases.v1 import disclosures_pb2 as pb
from sas.cases.v1 import disclosures_pb2_grpc
from sas.common.v1.purpose_pb2 import DisclosurePurpose

from common.caller import current_caller
from services.cases.actions import collection, disclosures, recall
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.disclosures import Disclosure
from services.cases.domain.names import name_of
from services.cases.domain.payload import MEDIA_TYPE
from services.cases.domain.states import DisclosureState

_STATES = {
    DisclosureState.PROPOSED: pb.DISCLOSURE_STATE_PROPOSED,
    DisclosureState.WAITING: pb.DISCLOSURE_STATE_WAITING,
    DisclosureState.RECALLED: pb.DISCLOSURE_STATE_RECALLED,
    DisclosureState.SENT: pb.DISCLOSURE_STATE_SENT,
    DisclosureState.COLLECTED: pb.DISCLOSURE_STATE_COLLECTED,
    DisclosureState.NOT_TAKEN: pb.DISCLOSURE_STATE_NOT_TAKEN,
    DisclosureState.NOT_SENT: pb.DISCLOSURE_STATE_NOT_SENT,
    DisclosureState.ENDED: pb.DISCLOSURE_STATE_ENDED,
}


@attrs.frozen
class DisclosuresServicer(disclosures_pb2_grpc.DisclosuresServiceServicer):
    """See `sas/cases/v1/disclosures.proto`."""

    tools: Tools

    def ProposeDisclosure(
        self, request: pb.ProposeDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.Disclosure:
        proposal = disclosures.Proposal(
            items=(*_named(request.document), *request.items),
            redactions=tuple(request.redactions),
            recipient=request.recipient,
            recipient_name=request.recipient_name,
            recipient_address=request.recipient_address,
            purpose=DisclosurePurpose.Name(request.purpose),
            ends_on=request.ends_on,
        )
        disclosure = disclosures.propose_disclosure(
            self.tools, current_caller(), proposal, request_id=request.request_id
        )
        return _to_proto(disclosure)

    def GetDisclosure(
        self, request: pb.GetDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.Disclosure:
        return _to_proto(disclosures.get_disclosure(self.tools, request.name))

    def PreviewDisclosure(
        self, request: pb.PreviewDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.DisclosurePreview:
        disclosure, payload = disclosures.preview_disclosure(self.tools, request.name)
        return pb.DisclosurePreview(
            disclosure=_to_proto(disclosure),
            recipient_name=payload.particulars.recipient_name,
            recipient_address=payload.particulars.recipient_address,
            title=payload.title,
            media_type=MEDIA_TYPE,
            content=payload.content,
            payload_digest=disclosure.payload_digest,
        )

    def SendDisclosure(
        self, request: pb.SendDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.Disclosure:
        sent, decision = disclosures.send_disclosure(
            self.tools,
            request.name,
            expected_etag=request.etag,
            hold=timedelta(seconds=request.hold_seconds),
        )
        answer = _to_proto(sent)
        answer.decision = decision
        return answer

    def RecallDisclosure(
        self, request: pb.RecallDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.Disclosure:
        return _to_proto(recall.recall_disclosure(self.tools, request.name))

    def CollectDisclosure(
        self, request: pb.CollectDisclosureRequest, context: grpc.ServicerContext
    ) -> pb.CollectedDocument:
        released = collection.collect_disclosure(
            self.tools, link_token=request.link_token, code=request.code
        )
        return pb.CollectedDocument(media_type=released.media_type, content=released.content)


def _named(document: str) -> tuple[str, ...]:
    """Give the document that a path names, if it names one (AIP-159 has `-` for any)."""
    return () if document == "documents/-" else (document,)


def _to_proto(disclosure: Disclosure) -> pb.Disclosure:
    first = disclosure.first_opened_at
    return pb.Disclosure(
        name=disclosure.name,
        document=disclosure.document,
        recipient=disclosure.recipient,
        purpose=DisclosurePurpose.Value(disclosure.purpose),
        consent=disclosure.consent,
        state=_STATES[disclosure.state],
        ends_on=disclosure.ends_on.isoformat(),
        etag=disclosures.disclosure_etag(disclosure),
        items=disclosure.items,
        redactions=disclosure.redactions,
        openings=disclosure.openings,
        first_opened_time=timestamp(first) if first else None,
        case=name_of("cases", disclosure.case_id),
    )
