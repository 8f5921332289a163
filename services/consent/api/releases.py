"""The ledger's line for a report, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import releases_pb2, releases_pb2_grpc

from services.consent.actions import releases
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller


class ReleasesServicer(releases_pb2_grpc.ReleasesServiceServicer):
    """Decides whether a report may be frozen."""

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
