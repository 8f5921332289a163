"""Embargoes, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import embargoes_pb2 as pb
from sas.consent.v1 import embargoes_pb2_grpc

from services.consent.actions import embargoes
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, code, timestamp
from services.consent.domain.embargo import Embargo


class EmbargoesServicer(embargoes_pb2_grpc.EmbargoesServiceServicer):
    """What is hidden from a student, until a named staff member lifts it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ListEmbargoes(
        self, request: pb.ListEmbargoesRequest, context: grpc.ServicerContext
    ) -> pb.ListEmbargoesResponse:
        found = embargoes.standing(self._parts, caller())
        return pb.ListEmbargoesResponse(embargoes=map(self._embargo, found))

    def ReviewEmbargo(
        self, request: pb.ReviewEmbargoRequest, context: grpc.ServicerContext
    ) -> pb.Embargo:
        return self._embargo(embargoes.review(self._parts, caller(), request.name))

    def LiftEmbargo(
        self, request: pb.LiftEmbargoRequest, context: grpc.ServicerContext
    ) -> pb.Embargo:
        reason = code(pb.LiftReason, request.reason)
        return self._embargo(embargoes.lift(self._parts, caller(), request.name, reason))

    def _embargo(self, embargo: Embargo) -> pb.Embargo:
        stands = embargo.lifted_at is None
        return pb.Embargo(
            breach=embargo.breach,
            begun_at=timestamp(embargo.begun_at),
            review_due_at=timestamp(embargo.review_due_at if stands else None),
            overdue=stands and embargo.review_due_at < self._parts.clock(),
            lifted_at=timestamp(embargo.lifted_at),
        )
