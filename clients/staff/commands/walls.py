"""Walls: a conflict of interest between a staff member and a case, or a student as a whole."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.cases.v1 import cases_pb2, cases_pb2_grpc
from sas.consent.v1 import walls_pb2, walls_pb2_grpc
from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.staff.commands.options import new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Walls against a conflict of interest.", no_args_is_help=True)

_STUDENTS = "students/"


@app.command()
def declare(
    around: Annotated[
        str, typer.Argument(help="A case, enquiry or breach; or a student, with all about them.")
    ],
    staff_member: Annotated[str, typer.Option(help="A colleague; yourself if not given.")] = "",
    as_json: Json = False,
) -> None:
    """Put a wall between yourself, or a colleague, and a case or a student."""
    student = around if around.startswith(_STUDENTS) else ""
    record = "" if student else f"records/{around.partition('/')[2]}"
    with calling():
        found = stub(walls_pb2_grpc.WallsServiceStub).DeclareWall(
            walls_pb2.DeclareWallRequest(
                record=record,
                student=student,
                staff_member=staff_member,
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command()
def lift(wall: str, as_json: Json = False) -> None:
    """Take a wall down."""
    with calling():
        found = stub(walls_pb2_grpc.WallsServiceStub).LiftWall(walls_pb2.LiftWallRequest(name=wall))
    show(found, as_json=as_json)


@app.command("list")
def list_walls(
    mine: Annotated[
        bool, typer.Option("--mine", help="Those you put up; else everybody's, for managers.")
    ] = False,
    page_token: str = "",
    as_json: Json = False,
) -> None:
    """
    List the walls that stand, the oldest first, to see which are over: sas wall lift.

    What is behind a wall of your own is not there, whoever else has a wall around it.
    """
    with calling():
        page = stub(walls_pb2_grpc.WallsServiceStub).ListWalls(
            walls_pb2.ListWallsRequest(everybodys=not mine, page_token=page_token)
        )
    show_list(
        page.walls,
        ["name", "staff_member", "record", "student", "declared_by", "declare_time"],
        as_json=as_json,
        empty="No walls.",
    )
    if page.next_page_token and not as_json:
        typer.echo(f"More: --page-token {page.next_page_token}")


@app.command()
def check(
    about: Annotated[
        str, typer.Argument(help="A case or enquiry; without it, you are asked for a CRSid.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Ask, before you advise, whether to pass a student, case or enquiry to a colleague."""
    found = _check_case(about) if about else _check_student(typer.prompt("CRSid", err=True))
    if as_json:
        show(found, as_json=True)
    elif found.pass_to_a_colleague:
        typer.echo("Pass this to a colleague.")
    else:
        typer.echo("Nothing stands in the way.")


def _check_case(about: str) -> cases_pb2.CheckCaseForConflictResponse:
    request = cases_pb2.CheckCaseForConflictRequest(about=about)
    with calling():
        return stub(cases_pb2_grpc.CasesServiceStub).CheckCaseForConflict(request)


def _check_student(crsid: str) -> students_pb2.CheckStudentForConflictResponse:
    request = students_pb2.CheckStudentForConflictRequest(crsid=crsid)
    with calling():
        return stub(students_pb2_grpc.StudentsServiceStub).CheckStudentForConflict(request)
