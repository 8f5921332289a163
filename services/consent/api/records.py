"""The opening of records, over gRPC."""

from __future__ import annotations

from datetime import date

import grpc
from sas.consent.v1 import records_pb2, records_pb2_grpc

from common.errors import InvalidFields
from services.consent.actions import incidents, records
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, data_keys, purpose_code, service_of, wrapped
from services.consent.domain.facts import Record


class RecordsServicer(records_pb2_grpc.RecordsServiceServicer):
    """Makes records known, opens them, lets them be disposed of, and accidents be decided."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def RegisterRecord(
        self, request: records_pb2.RegisterRecordRequest, context: grpc.ServicerContext
    ) -> records_pb2.RegisterRecordResponse:
        kind = records_pb2.RecordKind.Name(request.kind).removeprefix("RECORD_KIND_").lower()
        record = Record(request.record, kind, request.student, request.parent)
        records.register_record(self._parts, record, service_of(context))
        return records_pb2.RegisterRecordResponse()

    def OpenRecord(
        self, request: records_pb2.OpenRecordRequest, context: grpc.ServicerContext
    ) -> records_pb2.OpenRecordResponse:
        opened = records.open_record(
            self._parts,
            caller(),
            records.Opening(
                record=request.record,
                action=request.action,
                purpose=purpose_code(request.purpose),
                items=wrapped(request.items),
                about=request.about,
                through=service_of(context),
            ),
        )
        return records_pb2.OpenRecordResponse(
            ledger_index=opened.ledger_index, keys=data_keys(opened.keys)
        )

    def AuthoriseDisposal(
        self, request: records_pb2.AuthoriseDisposalRequest, context: grpc.ServicerContext
    ) -> records_pb2.AuthoriseDisposalResponse:
        try:
            begins = date.fromisoformat(request.dispose_from_date)
        except ValueError:
            raise InvalidFields({"dispose_from_date": "is no day of the calendar"}) from None
        index = records.authorise_disposal(self._parts, caller(), request.record, begins)
        return records_pb2.AuthoriseDisposalResponse(ledger_index=index)

    def AuthoriseIncidentDecision(
        self, request: records_pb2.AuthoriseIncidentDecisionRequest, context: grpc.ServicerContext
    ) -> records_pb2.AuthoriseIncidentDecisionResponse:
        asked = incidents.Deciding(
            record=request.record,
            incident=request.incident,
            decider=request.decider,
            decided=request.decided,
            outcome=request.outcome,
        )
        index = incidents.authorise_decision(self._parts, caller(), asked)
        return records_pb2.AuthoriseIncidentDecisionResponse(ledger_index=index)
