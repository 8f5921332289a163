"""Reports."""

from __future__ import annotations

import attrs
import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from sas.reports.v1 import reports_pb2 as pb
from sas.reports.v1 import reports_pb2_grpc

from common.caller import current_caller
from services.reports.actions import egress, reports
from services.reports.actions.tools import Tools
from services.reports.domain.report import Report


@attrs.frozen
class ReportsServicer(reports_pb2_grpc.ReportsServiceServicer):
    """See `sas/reports/v1/reports.proto`."""

    tools: Tools

    def FreezeReport(
        self, request: pb.FreezeReportRequest, context: grpc.ServicerContext
    ) -> pb.Report:
        report = reports.freeze_report(
            self.tools,
            current_caller(),
            table=request.table,
            purpose=request.purpose,
            first_year=request.from_year,
            last_year=request.until_year,
            request_id=request.request_id,
        )
        return _to_proto(report)

    def GetReport(self, request: pb.GetReportRequest, context: grpc.ServicerContext) -> pb.Report:
        return _to_proto(reports.get_report(self.tools, request.name))

    def PublishReport(
        self, request: pb.PublishReportRequest, context: grpc.ServicerContext
    ) -> pb.PublishedReport:
        released = egress.publish_report(self.tools, request.name, request.recipient)
        return pb.PublishedReport(
            content=released.content,
            media_type=egress.MEDIA_TYPE,
            file_sha256=released.sha256,
        )

    def ListReports(
        self, request: pb.ListReportsRequest, context: grpc.ServicerContext
    ) -> pb.ListReportsResponse:
        found, next_token = reports.list_reports(
            self.tools, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListReportsResponse(
            reports=[_to_proto(report) for report in found], next_page_token=next_token
        )


def _to_proto(report: Report) -> pb.Report:
    frozen_at = Timestamp()
    frozen_at.FromDatetime(report.frozen_at)
    return pb.Report(
        name=report.name,
        table=report.table,
        purpose=report.purpose,
        period=report.period.code,
        column_codes=report.columns,
        rows=[pb.ReportRow(code=row.code, cells=row.cells) for row in report.rows],
        unit=report.unit,
        freeze_time=frozen_at,
        smallest_published=report.smallest_published,
        rounding_base=report.rounding_base,
    )
