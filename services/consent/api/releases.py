"""The ledger's line for a report, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import releases_pb2, releases_pb2_grpc

from services.consent.actions import releases
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller


class ReleasesServicer(releases_pb2_grpc.ReleasesServiceServicer):
    """Decides whether a report may be frozen, and whether it may leave."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def AuthoriseRelease(
        self, request: releases_pb2.AuthoriseReleaseRequest, context: grpc.ServicerContext
    ) -> releases_pb2.AuthoriseReleaseResponse:
        index = releases.authorise_release(
            self._parts,
            caller(),
            report=request.report,
            table=request.table,
            purpose=request.purpose,
            period=request.period,
        )
        return releases_pb2.AuthoriseReleaseResponse(ledger_index=index)

    def AuthorisePublication(
        self, request: releases_pb2.AuthorisePublicationRequest, context: grpc.ServicerContext
    ) -> releases_pb2.AuthorisePublicationResponse:
        passed = releases.authorise_publication(
            self._parts,
            caller(),
            releases.Publishing(
                report=request.report,
                frozen_index=request.frozen_index,
                recipient=request.recipient,
                file_sha256=request.file_sha256,
            ),
        )
        return releases_pb2.AuthorisePublicationResponse(
            ledger_index=passed.ledger_index, gate_pass=passed.gate_pass
        )
