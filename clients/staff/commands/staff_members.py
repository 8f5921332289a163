"""Members of staff and their dated roles."""

from __future__ import annotations

import datetime
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.identity.v1 import staff_members_pb2, staff_members_pb2_grpc

from clients.staff.commands.options import new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Members of staff.", no_args_is_help=True)


def _staff() -> staff_members_pb2_grpc.StaffMembersServiceStub:
    return stub(staff_members_pb2_grpc.StaffMembersServiceStub)


@app.command("list")
def list_staff(as_json: Json = False) -> None:
    """List the members of staff."""
    with calling():
        page = _staff().ListStaffMembers(staff_members_pb2.ListStaffMembersRequest())
    show_list(
        page.staff_members,
        ["name", "display_name", "role", "role_ends_at"],
        as_json=as_json,
        empty="No members of staff.",
    )


@app.command()
def admit(
    role: str,
    ends_on: Annotated[str, typer.Option(help="The role's last day, YYYY-MM-DD.")],
    issuer: Annotated[str, typer.Option(help="The identity provider's issuer.")],
    as_json: Json = False,
) -> None:
    """Admit a member of staff; name, subject and mail address are asked for."""
    last_day = datetime.date.fromisoformat(ends_on)
    end = Timestamp()
    end.FromDatetime(
        datetime.datetime.combine(last_day + datetime.timedelta(days=1), datetime.time())
    )
    request = staff_members_pb2.CreateStaffMemberRequest(
        display_name=typer.prompt("Name", err=True),
        subject=typer.prompt("Subject at the identity provider", err=True),
        mail_address=_mail_address(),
        issuer=issuer,
        role=role,
        role_ends_at=end,
        request_id=new_request_id(),
    )
    with calling():
        found = _staff().CreateStaffMember(request)
    show(found, as_json=as_json)


@app.command("set-address")
def set_address(staff_member: str, as_json: Json = False) -> None:
    """Say where somebody is told that something waits for them; it is asked for."""
    request = staff_members_pb2.SetStaffMemberAddressRequest(
        name=staff_member, mail_address=_mail_address()
    )
    with calling():
        found = _staff().SetStaffMemberAddress(request)
    show(found, as_json=as_json)


def _mail_address() -> str:
    """Ask for an address, which is never an argument."""
    said = typer.prompt("Mail address (empty for none)", default="", show_default=False, err=True)
    return str(said)


@app.command("end-role")
def end_role(staff_member: str, as_json: Json = False) -> None:
    """End a role today; the person's sessions end at once."""
    with calling():
        found = _staff().EndStaffRole(staff_members_pb2.EndStaffRoleRequest(name=staff_member))
    show(found, as_json=as_json)
