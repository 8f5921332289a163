"""The register of inadvertent breaches."""

from __future__ import annotations

from datetime import UTC

import attrs
import grpc
from sas.cases.v1 import incidents_pb2 as pb
from sas.cases.v1 import incidents_pb2_grpc

from common.caller import current_caller
from services.cases.actions import incidents
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.incidents import Incident
from services.cases.domain.names import name_of


@attrs.frozen
class IncidentsServicer(incidents_pb2_grpc.IncidentsServiceServicer):
    """See `sas/cases/v1/incidents.proto`."""

    tools: Tools

    def RecordIncident(
        self, request: pb.RecordIncidentRequest, context: grpc.ServicerContext
    ) -> pb.Incident:
        happened = incidents.Happened(
            kind=request.kind,
            what=request.what,
            known_at=request.known_at.ToDatetime(UTC),
            decider=request.decider,
            words=request.happened,
        )
        return self._to_proto(
            incidents.record_incident(
                self.tools,
                current_caller(),
                request.parent,
                happened,
                request_id=request.request_id,
            )
        )

    def DecideIncident(
        self, request: pb.DecideIncidentRequest, context: grpc.ServicerContext
    ) -> pb.Incident:
        return self._to_proto(
            incidents.decide_incident(
                self.tools,
                current_caller(),
                request.name,
                outcome=request.outcome,
                done=request.done,
            )
        )

    def ListIncidents(
        self, request: pb.ListIncidentsRequest, context: grpc.ServicerContext
    ) -> pb.ListIncidentsResponse:
        found, token = incidents.list_incidents(
            self.tools, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListIncidentsResponse(incidents=map(self._to_proto, found), next_page_token=token)

    def GetIncident(
        self, request: pb.GetIncidentRequest, context: grpc.ServicerContext
    ) -> pb.IncidentRecord:
        opened = incidents.read_incident(self.tools, request.name, request.purpose)
        return pb.IncidentRecord(
            incident=self._to_proto(opened.incident), happened=opened.happened, done=opened.done
        )

    def _to_proto(self, incident: Incident) -> pb.Incident:
        decision, report_by = incident.decision, incident.report_by
        return pb.Incident(
            name=incident.name,
            case=name_of("cases", incident.case_id) if incident.case_id else "",
            kind=incident.kind,
            what=incident.what,
            known_at=timestamp(incident.known_at),
            report_by=timestamp(report_by) if report_by else None,
            overdue=incident.overdue(self.tools.now()),
            decider=incident.decider,
            outcome=decision.outcome if decision else "",
            decided_by=decision.decided_by if decision else "",
            decided_at=timestamp(decision.decided_at) if decision else None,
        )
