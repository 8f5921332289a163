"""Consents, as the staff see them. Giving one is the student's own act, not the staff's."""

from __future__ import annotations

import typer
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Consents.", no_args_is_help=True)


def _consents() -> consents_pb2_grpc.ConsentsServiceStub:
    return stub(consents_pb2_grpc.ConsentsServiceStub)


@app.command("show")
def show_consent(consent: str, as_json: Json = False) -> None:
    """Show where a consent stands."""
    with calling():
        found = _consents().GetConsent(consents_pb2.GetConsentRequest(name=consent))
    show(found, as_json=as_json)


@app.command("list")
def list_consents(student: str, as_json: Json = False) -> None:
    """List a student's consents."""
    with calling():
        page = _consents().ListConsents(consents_pb2.ListConsentsRequest(student=student))
    show_list(
        page.consents,
        ["name", "state", "purpose", "recipient", "ends_at"],
        as_json=as_json,
        empty="No consents.",
    )
