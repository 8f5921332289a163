"""Mails that did not leave, or of which nobody knows whether they did."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.cases.v1 import mails_pb2, mails_pb2_grpc

from clients.staff.connection import calling, stub
from clients.staff.output import Json, show_list

app = typer.Typer(help="Mails that did not surely leave.", no_args_is_help=True)


def _mails() -> mails_pb2_grpc.MailsServiceStub:
    return stub(mails_pb2_grpc.MailsServiceStub)


@app.command("list")
def list_mails(page_token: str = "", as_json: Json = False) -> None:
    """List what has mails that did not leave, or not surely, until somebody has seen to it."""
    with calling():
        page = _mails().ListUnsentMails(mails_pb2.ListUnsentMailsRequest(page_token=page_token))
    show_list(
        page.unsent_mails,
        ["about", "case", "trouble", "time"],
        as_json=as_json,
        empty="All that were due have left, or somebody has seen to them.",
    )
    if not page.unsent_mails:
        return
    typer.echo(
        "To send a disclosure with a fresh link, which makes the earlier one worthless:"
        " sas disclosure send DISCLOSURE --really. A reply to a question is not sent again: if it"
        " may not have arrived, answer by telephone. Seen to: sas mail acknowledge ABOUT",
        err=True,
    )
    if page.next_page_token and not as_json:
        typer.echo(f"More: --page-token {page.next_page_token}")


@app.command()
def acknowledge(
    about: Annotated[str, typer.Argument(help="The disclosure or enquiry, as `list` names it.")],
) -> None:
    """Say that you have seen to it. Nothing is sent."""
    with calling():
        _mails().AcknowledgeUnsentMail(mails_pb2.AcknowledgeUnsentMailRequest(about=about))
    typer.echo("Noted.")
