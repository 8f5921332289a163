"""Embargoes: what is hidden from a student because telling them may be an offence."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from sas.consent.v1 import embargoes_pb2, embargoes_pb2_grpc

from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Embargoes on the student's own list.", no_args_is_help=True)


class Reason(StrEnum):
    """Why an embargo is lifted."""

    AUTHORITY_AGREES = "authority-agrees"
    INVESTIGATION_OVER = "investigation-over"
    LEGAL_ADVICE = "legal-advice"
    GROUND_CHOSEN_BY_MISTAKE = "ground-chosen-by-mistake"


def _embargoes() -> embargoes_pb2_grpc.EmbargoesServiceStub:
    return stub(embargoes_pb2_grpc.EmbargoesServiceStub)


@app.command("list")
def list_embargoes(as_json: Json = False) -> None:
    """List the embargoes that stand, and when each is to be looked at again."""
    with calling():
        found = _embargoes().ListEmbargoes(embargoes_pb2.ListEmbargoesRequest())
    show_list(
        found.embargoes,
        ["breach", "begun_at", "review_due_at", "overdue"],
        as_json=as_json,
        empty="No embargo stands.",
    )


@app.command()
def stays(breach: str, as_json: Json = False) -> None:
    """Record that you looked at an embargo, and that it stays for another 30 days."""
    with calling():
        found = _embargoes().ReviewEmbargo(embargoes_pb2.ReviewEmbargoRequest(name=breach))
    show(found, as_json=as_json)


@app.command()
def lift(
    breach: str,
    reason: Reason,
    really: Annotated[
        bool, typer.Option("--really", help="Do it; without, only say what.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Lift an embargo, for good: the student will see all that was hidden."""
    if not really:
        typer.echo("The student would see every line about this breach at once, and for good.")
        typer.echo("It can't be taken back. To lift the embargo: add --really", err=True)
        return
    value = embargoes_pb2.LiftReason.Value(f"LIFT_REASON_{reason.name}")
    with calling():
        found = _embargoes().LiftEmbargo(
            embargoes_pb2.LiftEmbargoRequest(name=breach, reason=value)
        )
    show(found, as_json=as_json)
