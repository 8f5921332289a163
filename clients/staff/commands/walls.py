"""Walls: a conflict of interest between a staff member and a case."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.consent.v1 import walls_pb2, walls_pb2_grpc

from clients.staff.commands.options import new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show

app = typer.Typer(help="Walls against a conflict of interest.", no_args_is_help=True)


@app.command()
def declare(
    case: str,
    staff_member: Annotated[str, typer.Option(help="A colleague; yourself if not given.")] = "",
    as_json: Json = False,
) -> None:
    """Put a wall between yourself, or a colleague, and a case."""
    record = case.replace("cases/", "records/", 1)
    with calling():
        found = stub(walls_pb2_grpc.WallsServiceStub).DeclareWall(
            walls_pb2.DeclareWallRequest(
                record=record, staff_member=staff_member, request_id=new_request_id()
            )
        )
    show(found, as_json=as_json)


@app.command()
def lift(wall: str, as_json: Json = False) -> None:
    """Take a wall down."""
    with calling():
        found = stub(walls_pb2_grpc.WallsServiceStub).LiftWall(walls_pb2.LiftWallRequest(name=wall))
    show(found, as_json=as_json)
