"""The gate for paper, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import paper_pb2, paper_pb2_grpc

from services.consent.actions import paper
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, purpose_code, service_of


class PaperServicer(paper_pb2_grpc.PaperServiceServicer):
    """Decides what may be printed, and keeps that a print is no more."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def AuthorisePrint(
        self, request: paper_pb2.AuthorisePrintRequest, context: grpc.ServicerContext
    ) -> paper_pb2.AuthorisePrintResponse:
        passed = paper.authorise_print(
            self._parts,
            caller(),
            paper.Printing(
                name=request.print,
                record=request.record,
                purpose=purpose_code(request.purpose),
                items=request.items,
                file_sha256=request.file_sha256,
                through=service_of(context),
                intact=request.intact,
            ),
        )
        return paper_pb2.AuthorisePrintResponse(
            ledger_index=passed.ledger_index, gate_pass=passed.gate_pass
        )

    def RecordDestruction(
        self, request: paper_pb2.RecordDestructionRequest, context: grpc.ServicerContext
    ) -> paper_pb2.RecordDestructionResponse:
        index = paper.record_destruction(self._parts, caller(), request.print, request.record)
        return paper_pb2.RecordDestructionResponse(ledger_index=index)
