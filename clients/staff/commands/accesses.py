"""Who has seen my record: the student's own list."""

from __future__ import annotations

import typer
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from clients.staff.connection import calling, stub
from clients.staff.output import Json, show_list

app = typer.Typer(help="Who has seen my record (for a signed-in student).", no_args_is_help=True)


@app.command("list")
def list_accesses(page_token: str = "", as_json: Json = False) -> None:
    """List who has seen your own record, newest first."""
    with calling():
        page = stub(ledger_pb2_grpc.LedgerServiceStub).ListAccesses(
            ledger_pb2.ListAccessesRequest(page_token=page_token)
        )
    show_list(
        page.accesses,
        ["name", "time", "role", "action", "purpose", "allowed", "embargoed_until"],
        as_json=as_json,
        empty="Nobody has opened your record.",
    )
