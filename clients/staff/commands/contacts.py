"""Contacts: people whom a student names, to be told that they use the Service, or to be trusted."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.cases.v1 import contacts_pb2, contacts_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.staff.commands.options import ContactPurpose, new_request_id
from clients.staff.connection import calling, letting_go, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="People whom a student names.", no_args_is_help=True)


def _contacts() -> contacts_pb2_grpc.ContactsServiceStub:
    return stub(contacts_pb2_grpc.ContactsServiceStub)


@app.command()
def name(
    case: str,
    recipient: str,
    purpose: Annotated[ContactPurpose, typer.Option(help="What the student names them for.")],
    ends_on: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD.")],
    as_json: Json = False,
) -> None:
    """Note whom the student names, and ask the student for consent to just that."""
    with calling():
        third_party = stub(third_parties_pb2_grpc.ThirdPartiesServiceStub).GetThirdParty(
            third_parties_pb2.GetThirdPartyRequest(
                name=recipient, purpose=purpose_pb2.PURPOSE_DISCLOSURE
            )
        )
        found = _contacts().NameContact(
            contacts_pb2.NameContactRequest(
                parent=case,
                recipient=recipient,
                recipient_name=third_party.display_name,
                recipient_address=third_party.address,
                purpose=purpose.to_proto(),
                ends_on=ends_on,
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command("list")
def list_contacts(case: str, as_json: Json = False) -> None:
    """List the people whom the student of a case has named, without their names."""
    with calling():
        page = _contacts().ListContacts(contacts_pb2.ListContactsRequest(parent=case))
    show_list(
        page.contacts,
        ["name", "purpose", "recipient", "consent", "ends_on"],
        as_json=as_json,
        empty="No contacts.",
    )


@app.command("show")
def show_contact(contact: str, as_json: Json = False) -> None:
    """Show one contact, without its name."""
    with calling():
        found = _contacts().GetContact(contacts_pb2.GetContactRequest(name=contact))
    show(found, as_json=as_json)


@app.command()
def preview(contact: str, as_json: Json = False) -> None:
    """See who is named and what would be said. The student will see that you looked."""
    with calling():
        found = _contacts().PreviewContact(contacts_pb2.PreviewContactRequest(name=contact))
    show(found, as_json=as_json, skip=() if as_json else ("contact",))


@app.command("confirm-use")
def confirm_use(contact: str, as_json: Json = False) -> None:
    """Ask whether you may confirm to this person that the student uses the Service."""
    with calling():
        case = _contacts().GetContact(contacts_pb2.GetContactRequest(name=contact)).case
    with letting_go(case):
        found = _contacts().ConfirmUse(contacts_pb2.ConfirmUseRequest(name=contact))
    show(found, as_json=as_json)
    typer.echo("Say exactly this, to this person, at this address; and nothing else.", err=True)
