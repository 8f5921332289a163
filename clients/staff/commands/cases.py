"""Cases: open, look, close, dispose."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.cases.v1 import cases_pb2, cases_pb2_grpc, retention_pb2, retention_pb2_grpc

from clients.staff.commands import prints
from clients.staff.commands.options import Day, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Cases.", no_args_is_help=True)

app.command("print")(prints.print_items)

Really = Annotated[bool, typer.Option("--really", help="Do it; without, only show.")]


def _cases() -> cases_pb2_grpc.CasesServiceStub:
    return stub(cases_pb2_grpc.CasesServiceStub)


@app.command("open")
def open_case(
    student: str, topic: str = "not-yet-known", contact_date: Day = "", as_json: Json = False
) -> None:
    """Open a case for a student."""
    with calling():
        found = _cases().OpenCase(
            cases_pb2.OpenCaseRequest(
                student=student,
                topic=topic,
                contact_date=contact_date,
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command("list")
def list_cases(
    student: str = "", disposal_due: bool = False, page_token: str = "", as_json: Json = False
) -> None:
    """List the cases, newest involvement first."""
    with calling():
        page = _cases().ListCases(
            cases_pb2.ListCasesRequest(
                student=student, disposal_due=disposal_due, page_token=page_token
            )
        )
    show_list(
        page.cases,
        ["name", "state", "last_involvement_date", "adviser"],
        as_json=as_json,
        empty="No cases.",
    )
    if page.next_page_token and not as_json:
        typer.echo(f"More: --page-token {page.next_page_token}")


@app.command("show")
def show_case(case: str, as_json: Json = False) -> None:
    """Show a case, without words."""
    with calling():
        found = _cases().GetCase(cases_pb2.GetCaseRequest(name=case))
    show(found, as_json=as_json)


@app.command()
def close(case: str, outcome: str, really: Really = False, as_json: Json = False) -> None:
    """Close a case with an outcome; without --really, only show what would happen."""
    with calling():
        found = _cases().GetCase(cases_pb2.GetCaseRequest(name=case))
        if really:
            found = _cases().CloseCase(
                cases_pb2.CloseCaseRequest(name=case, outcome=outcome, etag=found.etag)
            )
    show(found, as_json=as_json)
    if not really:
        typer.echo(
            f"This would close it with the outcome {outcome}. To do it: add --really", err=True
        )


@app.command()
def dispose(case: str, really: Really = False, as_json: Json = False) -> None:
    """Dispose of a case whose time has passed; nobody can read it afterwards, from any backup."""
    with calling():
        found = stub(retention_pb2_grpc.RetentionServiceStub).DisposeCase(
            retention_pb2.DisposeCaseRequest(name=case, really=really)
        )
    show(found, as_json=as_json)
    if found.open_prints:
        typer.echo(
            "First destroy what is on paper, and say so: sas print destroyed PRINT", err=True
        )
    elif not really and found.due:
        typer.echo("This can't be undone. To do it: add --really", err=True)
