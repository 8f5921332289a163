"""The gate for a student's own copy, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import access_copies_pb2 as pb
from sas.consent.v1 import access_copies_pb2_grpc

from services.consent.actions import access_copies
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, data_keys, wrapped


class AccessGateServicer(access_copies_pb2_grpc.AccessGateServiceServicer):
    """Released by a staff member, collected by the student."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def AuthoriseAccessRelease(
        self, request: pb.AuthoriseAccessReleaseRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseAccessReleaseResponse:
        index = access_copies.release(
            self._parts,
            caller(),
            _copy(request),
            recipient=request.recipient,
            items=request.items,
        )
        return pb.AuthoriseAccessReleaseResponse(ledger_index=index)

    def AuthoriseAccessCollection(
        self, request: pb.AuthoriseAccessCollectionRequest, context: grpc.ServicerContext
    ) -> pb.AuthoriseAccessCollectionResponse:
        opened = access_copies.collect(
            self._parts, caller(), _copy(request), wrapped(request.items)
        )
        return pb.AuthoriseAccessCollectionResponse(
            ledger_index=opened.ledger_index,
            keys=data_keys(opened.keys),
            gate_pass=opened.gate_pass,
        )

    def RecordAccessRecall(
        self, request: pb.RecordAccessRecallRequest, context: grpc.ServicerContext
    ) -> pb.RecordAccessRecallResponse:
        index = access_copies.recall(self._parts, caller(), request.copy, request.record)
        return pb.RecordAccessRecallResponse(ledger_index=index)


def _copy(
    request: pb.AuthoriseAccessReleaseRequest | pb.AuthoriseAccessCollectionRequest,
) -> access_copies.Copy:
    return access_copies.Copy(
        name=request.copy,
        record=request.record,
        payload_digest=request.payload_digest,
        redacted=request.redacted,
    )
