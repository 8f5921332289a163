"""Reports: statistics in which nobody can be identified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sas.reports.v1 import reports_pb2, reports_pb2_grpc

from clients.staff.commands.options import new_request_id, write_private
from clients.staff.connection import calling, stub
from clients.staff.output import Json, as_dict, show_list

app = typer.Typer(help="Reports.", no_args_is_help=True)


def _reports() -> reports_pb2_grpc.ReportsServiceStub:
    return stub(reports_pb2_grpc.ReportsServiceStub)


@app.command()
def freeze(
    table: str,
    purpose: Annotated[str, typer.Option(help="annual-report, internal-trends or research")],
    from_year: Annotated[int, typer.Option(help="First academic year, by its first year.")],
    until_year: Annotated[int, typer.Option(help="Last academic year, by its first year.")],
    as_json: Json = False,
) -> None:
    """Count, withhold, round and freeze a report."""
    with calling():
        found = _reports().FreezeReport(
            reports_pb2.FreezeReportRequest(
                table=table,
                purpose=purpose,
                from_year=from_year,
                until_year=until_year,
                request_id=new_request_id(),
            )
        )
    _show(found, as_json=as_json)


@app.command("show")
def show_report(report: str, as_json: Json = False) -> None:
    """Show a frozen report."""
    with calling():
        found = _reports().GetReport(reports_pb2.GetReportRequest(name=report))
    _show(found, as_json=as_json)


@app.command()
def publish(
    report: str,
    out: Annotated[Path, typer.Option("--out", help="Write the file here.")],
    to: Annotated[str, typer.Option(help="publication, or a third party.")] = "publication",
    really: Annotated[
        bool, typer.Option("--really", help="Do it; without, only show the report.")
    ] = False,
) -> None:
    """Let a frozen report leave the Service, as a file; without --really, only show it."""
    with calling():
        if not really:
            found = _reports().GetReport(reports_pb2.GetReportRequest(name=report))
        else:
            published = _reports().PublishReport(
                reports_pb2.PublishReportRequest(name=report, recipient=to)
            )
    if really:
        write_private(out, published.content)
        return
    _show(found, as_json=False)
    typer.echo(f"To let it leave, to {to}: add --really", err=True)


@app.command("list")
def list_reports(as_json: Json = False) -> None:
    """List the frozen reports."""
    with calling():
        page = _reports().ListReports(reports_pb2.ListReportsRequest())
    show_list(
        page.reports,
        ["name", "table", "period", "purpose", "freeze_time"],
        as_json=as_json,
        empty="No reports yet. Freeze one with: sas report freeze --help",
    )


def _show(report: reports_pb2.Report, *, as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(as_dict(report), ensure_ascii=False, indent=2))
        return
    typer.echo(render(report))


def render(report: reports_pb2.Report) -> str:
    """Return the report as a table in plain text, with its rules of publication."""
    rows = [["", *report.column_codes], *([row.code, *row.cells] for row in report.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        f"{report.name}: {report.table}, academic years {report.period}, for {report.purpose}",
        f"unit: {report.unit}; below {report.smallest_published} (and zero) withheld as [c]; "
        f"the rest randomly rounded to {report.rounding_base}",
        "",
    ]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]))
    return "\n".join(lines)
