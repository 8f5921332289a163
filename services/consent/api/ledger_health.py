"""How the ledger does, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import ledger_health_pb2 as pb
from sas.consent.v1 import ledger_health_pb2_grpc

from services.consent.actions.ledger_health import ledger_health
from services.consent.actions.parts import Parts
from services.consent.api.ledger import witness_to_proto
from services.consent.api.translate import timestamp
from services.consent.domain.ledger.health import Standing, Trouble


class LedgerHealthServicer(ledger_health_pb2_grpc.LedgerHealthServiceServicer):
    """See `sas/consent/v1/ledger_health.proto`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def GetLedgerHealth(
        self, request: pb.GetLedgerHealthRequest, context: grpc.ServicerContext
    ) -> pb.LedgerHealth:
        health = ledger_health(self._parts)
        found = health.found or Standing(0, 0)
        return pb.LedgerHealth(
            opening=health.opening,
            writing=health.writing,
            size=found.size,
            signed_size=found.signed,
            witnesses=map(witness_to_proto, found.witnesses),
            troubles=map(_trouble, health.troubles),
        )

    def GetAvailability(
        self, request: pb.GetAvailabilityRequest, context: grpc.ServicerContext
    ) -> pb.Availability:
        health = ledger_health(self._parts)
        return pb.Availability(
            opening=health.opening, writing=health.writing, statement=health.statement
        )


def _trouble(trouble: Trouble) -> pb.LedgerTrouble:
    return pb.LedgerTrouble(
        lack=str(trouble.lack),
        since_time=timestamp(trouble.since),
        stops=trouble.stops,
        goes_on=trouble.goes_on,
        todo=trouble.todo,
    )
