"""Third parties: people outside the Service to whom something may be disclosed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.staff.commands.options import Purpose, Why, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show

app = typer.Typer(help="Third parties.", no_args_is_help=True)


class Kind(StrEnum):
    """What kind of recipient."""

    COLLEGE = "college"
    UNIVERSITY = "university"
    HEALTH = "health"
    POLICE = "police"
    NATIONAL_CRIME_AGENCY = "national-crime-agency"
    TRUSTED_CONTACT = "trusted-contact"
    OTHER = "other"


@app.command()
def create(
    kind: Annotated[Kind, typer.Argument(help="What kind of recipient.")], as_json: Json = False
) -> None:
    """Note a third party; name, place of work and address are asked for."""
    request = third_parties_pb2.CreateThirdPartyRequest(
        kind=third_parties_pb2.RecipientKind.Value(f"RECIPIENT_KIND_{kind.name}"),
        display_name=typer.prompt("Name", err=True),
        organisation=typer.prompt("Place of work", default="", err=True),
        address=typer.prompt("E-mail address", err=True),
        request_id=new_request_id(),
    )
    with calling():
        found = stub(third_parties_pb2_grpc.ThirdPartiesServiceStub).CreateThirdParty(request)
    show(found, as_json=as_json)


@app.command("show")
def show_third_party(
    third_party: str, purpose: Why = Purpose.DISCLOSURE, as_json: Json = False
) -> None:
    """Open a third party's details."""
    with calling():
        found = stub(third_parties_pb2_grpc.ThirdPartiesServiceStub).GetThirdParty(
            third_parties_pb2.GetThirdPartyRequest(name=third_party, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json)
