"""12. An enquiry without a name, and a small report."""

from __future__ import annotations

import datetime
import re
import uuid

from sas.cases.v1 import enquiries_pb2, enquiries_pb2_grpc
from sas.reports.v1 import reports_pb2, reports_pb2_grpc

from clients.gateway import understood_errors
from clients.staff.commands.reports import render
from deploy.demo import behind
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Record an enquiry, then freeze a report over the last four closed academic years."""
    story = setting.story
    story.chapter(12, "An enquiry without a name, and a small report", "R28", "R29", "R30")
    with understood_errors():
        enquiry = setting.adviser.at(enquiries_pb2_grpc.EnquiriesServiceStub).RecordEnquiry(
            enquiries_pb2.RecordEnquiryRequest(
                words="Asked at the door how to appeal against a mark; gave no name.",
                topic="examination-appeal",
                request_id=str(uuid.uuid4()),
            )
        )
    story.check("the enquiry is recorded, without a name", enquiry.name.startswith("enquiries/"))
    behind.wait_for_facts(setting.state)
    last_closed = _academic_year(datetime.datetime.now(datetime.UTC).date()) - 1
    with understood_errors():
        report = setting.manager.at(reports_pb2_grpc.ReportsServiceStub).FreezeReport(
            reports_pb2.FreezeReportRequest(
                table="cases-by-topic-and-college-group",
                purpose="internal-trends",
                from_year=last_closed - 3,
                until_year=last_closed,
                request_id=str(uuid.uuid4()),
            )
        )
    story.show(render(report))
    cells = [cell for row in report.rows for cell in row.cells]
    story.check("small numbers are withheld", "[c]" in cells)
    story.check("something is published", any(cell.isdigit() for cell in cells))
    story.check(
        f"every number is at least {report.smallest_published} "
        f"and a multiple of {report.rounding_base}",
        all(
            cell == "[c]"
            or (
                bool(re.fullmatch(r"\d+", cell))
                and int(cell) >= report.smallest_published
                and int(cell) % report.rounding_base == 0
            )
            for cell in cells
        ),
    )


def _academic_year(day: datetime.date) -> int:
    """Return the first calendar year of the academic year of *day* (1 October to 30 September)."""
    return day.year if day.month >= 10 else day.year - 1
