"""Disclosures: one document, to one third party, for one purpose, until one day."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.cases.v1 import disclosures_pb2, disclosures_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.staff.commands.options import (
    DisclosurePurpose,
    OutFile,
    new_request_id,
    write_private,
)
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show

app = typer.Typer(help="Disclosures.", no_args_is_help=True)


def _disclosures() -> disclosures_pb2_grpc.DisclosuresServiceStub:
    return stub(disclosures_pb2_grpc.DisclosuresServiceStub)


@app.command()
def propose(
    document: str,
    recipient: str,
    purpose: Annotated[DisclosurePurpose, typer.Option(help="What it is for.")],
    ends_on: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD.")],
    as_json: Json = False,
) -> None:
    """Propose a disclosure and ask the student for consent."""
    with calling():
        third_party = stub(third_parties_pb2_grpc.ThirdPartiesServiceStub).GetThirdParty(
            third_parties_pb2.GetThirdPartyRequest(
                name=recipient, purpose=purpose_pb2.PURPOSE_DISCLOSURE
            )
        )
        found = _disclosures().ProposeDisclosure(
            disclosures_pb2.ProposeDisclosureRequest(
                document=document,
                recipient=recipient,
                recipient_name=third_party.display_name,
                recipient_address=third_party.address,
                purpose=purpose.to_proto(),
                ends_on=ends_on,
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_disclosure(disclosure: str, as_json: Json = False) -> None:
    """Show how far a disclosure got."""
    with calling():
        found = _disclosures().GetDisclosure(disclosures_pb2.GetDisclosureRequest(name=disclosure))
    show(found, as_json=as_json)


@app.command()
def preview(disclosure: str, out: OutFile = None, as_json: Json = False) -> None:
    """See exactly what would leave, and to whom."""
    with calling():
        found = _disclosures().PreviewDisclosure(
            disclosures_pb2.PreviewDisclosureRequest(name=disclosure)
        )
    show(found, as_json=as_json, skip=() if as_json else ("content", "disclosure"))
    if out is not None:
        write_private(out, found.content)


@app.command()
def send(
    disclosure: str,
    really: Annotated[bool, typer.Option("--really", help="Do it; without, only show.")] = False,
    as_json: Json = False,
) -> None:
    """Send a disclosure that the student consented to; without --really, only show it."""
    with calling():
        found = _disclosures().GetDisclosure(disclosures_pb2.GetDisclosureRequest(name=disclosure))
        if really:
            found = _disclosures().SendDisclosure(
                disclosures_pb2.SendDisclosureRequest(name=disclosure, etag=found.etag)
            )
    show(found, as_json=as_json)
    if not really:
        typer.echo("To send link and code to the third party: add --really", err=True)
