"""The disclosure gate, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import gate_pb2, gate_pb2_grpc

from services.consent.actions import gate
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, data_keys, disclosure_purpose_code, wrapped


class GateServicer(gate_pb2_grpc.GateServiceServicer):
    """The one way by which words leave the Service."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def AuthoriseDisclosure(
        self, request: gate_pb2.AuthoriseDisclosureRequest, context: grpc.ServicerContext
    ) -> gate_pb2.AuthoriseDisclosureResponse:
        opened = gate.authorise_disclosure(
            self._parts,
            caller(),
            gate.Sending(
                disclosure=request.disclosure,
                record=request.record,
                recipient=request.recipient,
                purpose=disclosure_purpose_code(request.purpose),
                payload_digest=request.payload_digest,
                items=wrapped(request.items),
                redacted=request.redacted,
            ),
        )
        return gate_pb2.AuthoriseDisclosureResponse(
            ledger_index=opened.ledger_index,
            keys=data_keys(opened.keys),
            gate_pass=opened.gate_pass,
        )

    def AuthoriseConfirmation(
        self, request: gate_pb2.AuthoriseConfirmationRequest, context: grpc.ServicerContext
    ) -> gate_pb2.AuthoriseConfirmationResponse:
        opened = gate.authorise_confirmation(
            self._parts,
            caller(),
            gate.Confirming(
                contact=request.contact,
                record=request.record,
                recipient=request.recipient,
                payload_digest=request.payload_digest,
                items=wrapped(request.items),
            ),
        )
        return gate_pb2.AuthoriseConfirmationResponse(
            ledger_index=opened.ledger_index, keys=data_keys(opened.keys)
        )

    def RecordRecall(
        self, request: gate_pb2.RecordRecallRequest, context: grpc.ServicerContext
    ) -> gate_pb2.RecordRecallResponse:
        index = gate.record_recall(self._parts, caller(), request.disclosure, request.record)
        return gate_pb2.RecordRecallResponse(ledger_index=index)

    def AuthoriseCollection(
        self, request: gate_pb2.AuthoriseCollectionRequest, context: grpc.ServicerContext
    ) -> gate_pb2.AuthoriseCollectionResponse:
        # Nobody's session counts here, not even a staff member's who tries the link.
        opened = gate.authorise_collection(
            self._parts,
            gate.Collecting(
                disclosure=request.disclosure,
                record=request.record,
                link_valid=request.link_valid,
                payload_digest=request.payload_digest,
                items=wrapped(request.items),
            ),
        )
        return gate_pb2.AuthoriseCollectionResponse(
            ledger_index=opened.ledger_index,
            keys=data_keys(opened.keys),
            gate_pass=opened.gate_pass,
        )
