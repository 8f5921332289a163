"""
Access requests: a student asks for a copy of what the Service holds about them.

The student asks and collects, in a session of their own; staff prepare a copy, look at it, release
it. Without --really, what can't be undone is only shown.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sas.cases.v1 import access_requests_pb2 as pb
from sas.cases.v1 import access_requests_pb2_grpc

from clients.staff.commands.disclosures import Really, redaction_marks
from clients.staff.commands.options import (
    OutFile,
    new_request_id,
    refuse_existing,
    write_private,
)
from clients.staff.connection import calling, letting_go, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(
    help="Access requests: a student's copy of what is held about them.", no_args_is_help=True
)

COLUMNS = ["name", "student", "received_on", "due_on", "state"]
Day = Annotated[str, typer.Option(help="The day that counts, YYYY-MM-DD; today if not given.")]


class Manner(StrEnum):
    """How a student asked."""

    IN_PERSON = "in-person"
    TELEPHONE = "telephone"
    IN_WRITING = "in-writing"


class Extension(StrEnum):
    """Why it takes longer."""

    COMPLEX = "complex"
    MANY_REQUESTS = "many-requests"


class WaitsFor(StrEnum):
    """What is needed from the student."""

    CLARIFICATION = "clarification"
    IDENTITY = "identity"


class Outcome(StrEnum):
    """Why there is no copy."""

    NOTHING_HELD = "nothing-held"
    WITHDRAWN = "withdrawn"


def _access() -> access_requests_pb2_grpc.AccessRequestsServiceStub:
    return stub(access_requests_pb2_grpc.AccessRequestsServiceStub)


def _show(found: pb.RequestedAccess, *, as_json: bool) -> None:
    show(found, as_json=as_json, skip=() if as_json else ("events",))
    if not as_json:
        typer.echo(_next_step(found), err=True)


def _next_step(found: pb.RequestedAccess) -> str:
    """Say what is to be done about a request."""
    if found.state == pb.ACCESS_REQUEST_STATE_WAITING:
        return f"Staff, when the student has answered: sas access-request start-clock {found.name}"
    if found.state == pb.ACCESS_REQUEST_STATE_CLOSED:
        return "Nothing is left to do."
    if found.state == pb.ACCESS_REQUEST_STATE_ANSWERED:
        return (
            "The student, in a session of their own: sas access-request collect"
            f" {found.copies[-1]} --out FILE"
        )
    if found.items_left:
        return (
            f"Staff, a copy for each case: sas access-request prepare {found.name} ITEMS"
            " (mark others in them first: sas disclosure redact)"
        )
    return (
        "Staff, if there is nothing about this student: sas access-request close"
        f" {found.name} --outcome nothing-held"
    )


# For a signed-in student


@app.command("ask")
def ask_for_access(as_json: Json = False) -> None:
    """Ask, as the student, for a copy of what is held about you."""
    with calling():
        asked = _access().RequestAccess(pb.RequestAccessRequest(request_id=new_request_id()))
    show(asked, as_json=as_json, skip=() if as_json else ("events",))


@app.command()
def collect(
    copy: str,
    out: Annotated[Path, typer.Option(help="A new file, readable by you only.")],
) -> None:
    """Collect your own copy, as the student: accessCopies/... of `sas access-request list`."""
    refuse_existing(out)
    with calling():
        found = _access().CollectAccessCopy(pb.CollectAccessCopyRequest(name=copy))
    write_private(out, found.content)
    typer.echo("It is for your eyes: whoever has the file can read it.", err=True)


# For both: a student sees their own


@app.command("list")
def list_requests(page_token: str = "", as_json: Json = False) -> None:
    """List what is to be done, with its last day; as a student, your own requests."""
    with calling():
        page = _access().ListAccessRequests(pb.ListAccessRequestsRequest(page_token=page_token))
    found = sorted(page.access_requests, key=lambda each: each.due_on or "9999")
    show_list(found, COLUMNS, as_json=as_json, empty="There is no open access request.")
    if found and not as_json:
        typer.echo(_next_step(found[0]), err=True)
    if page.next_page_token:
        typer.echo(f"More: sas access-request list --page-token {page.next_page_token}", err=True)


@app.command("show")
def show_request(request: str, as_json: Json = False) -> None:
    """Show how a request stands, and what to do next."""
    with calling():
        found = _access().GetAccessRequest(pb.GetAccessRequestRequest(name=request))
    _show(found, as_json=as_json)


# For staff


@app.command()
def enter(
    student: str,
    manner: Annotated[Manner, typer.Option(help="How they asked.")],
    received_on: Day = "",
    as_json: Json = False,
) -> None:
    """Enter a request that a student made in another way; the month runs from the day they did."""
    with calling():
        found = _access().EnterAccessRequest(
            pb.EnterAccessRequestRequest(
                student=student,
                manner=pb.AccessRequestManner.Value(f"ACCESS_REQUEST_MANNER_{manner.name}"),
                received_on=received_on,
                request_id=new_request_id(),
            )
        )
    _show(found, as_json=as_json)


@app.command()
def extend(
    request: str,
    because: Annotated[Extension, typer.Option(help="Why; the student is shown it.")],
    really: Really = False,
    as_json: Json = False,
) -> None:
    """Take two more months: once, and inside the first. Without --really, only show it."""
    with calling():
        found = _access().GetAccessRequest(pb.GetAccessRequestRequest(name=request))
        if really:
            reason = pb.AccessExtensionReason.Value(f"ACCESS_EXTENSION_REASON_{because.name}")
            found = _access().ExtendAccessRequest(
                pb.ExtendAccessRequestRequest(name=request, reason=reason)
            )
    _show(found, as_json=as_json)
    if not really:
        typer.echo("To take two more months: add --really. It can't be taken back.", err=True)


@app.command("stop-clock")
def stop_clock(
    request: str,
    waits_for: Annotated[WaitsFor, typer.Option(help="What is needed from the student.")],
    day: Day = "",
    as_json: Json = False,
) -> None:
    """Stop the clock from the day on which you asked the student for what you need."""
    with calling():
        reason = pb.AccessClockReason.Value(f"ACCESS_CLOCK_REASON_{waits_for.name}")
        found = _access().StopAccessClock(
            pb.StopAccessClockRequest(name=request, reason=reason, day=day)
        )
    _show(found, as_json=as_json)


@app.command("start-clock")
def start_clock(request: str, day: Day = "", as_json: Json = False) -> None:
    """Start the clock again, from the day on which the student answered."""
    with calling():
        found = _access().StartAccessClock(pb.StartAccessClockRequest(name=request, day=day))
    _show(found, as_json=as_json)


@app.command()
def close(
    request: str,
    outcome: Annotated[Outcome, typer.Option(help="Why there is no copy.")],
    really: Really = False,
    as_json: Json = False,
) -> None:
    """Close a request for which there is no copy; without --really, only show it."""
    with calling():
        found = _access().GetAccessRequest(pb.GetAccessRequestRequest(name=request))
        if really:
            found = _access().CloseAccessRequest(
                pb.CloseAccessRequestRequest(
                    name=request,
                    outcome=pb.AccessRequestOutcome.Value(f"ACCESS_REQUEST_OUTCOME_{outcome.name}"),
                )
            )
    _show(found, as_json=as_json)
    if not really:
        typer.echo("To close it: add --really. It can't be opened again.", err=True)


@app.command()
def prepare(
    request: str,
    items: Annotated[
        list[str], typer.Argument(help="Notes, documents and disclosures of one case.")
    ],
    redaction: Annotated[
        list[str] | None, typer.Option(help="What is hidden, as `redact` named it; one an item.")
    ] = None,
    leave_out: Annotated[
        Path | None,
        typer.Option(help="A file, or -: what stays out as a whole, one a line; see below."),
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Make a copy of what is in one case. Nobody has it until it is released.

    What stays out as a whole: the reason (as for `sas disclosure redact`), a colon, and the name
    of the note or document; after ` // ` you can say why in words. The student is not told.
    """
    left_out = []
    if leave_out is not None:
        for mark in redaction_marks(ask({"left_out": "Left out"}, leave_out)["left_out"]):
            left_out.append(pb.LeftOutItem(item=mark.passage, reason=mark.reason, why=mark.why))
    with calling():
        copy = _access().PrepareAccessCopy(
            pb.PrepareAccessCopyRequest(
                access_request=request,
                items=items,
                redactions=redaction or [],
                left_out=left_out,
                request_id=new_request_id(),
            )
        )
    show(copy, as_json=as_json)
    typer.echo(f"Look at it: sas access-request preview {copy.name} --out FILE", err=True)


@app.command()
def preview(copy: str, out: OutFile = None, as_json: Json = False) -> None:
    """See exactly what the student would get, and what stays out."""
    if out is not None:
        refuse_existing(out)
    with calling():
        found = _access().PreviewAccessCopy(pb.PreviewAccessCopyRequest(name=copy))
    show(found, as_json=as_json, skip=() if as_json else ("content",))
    if out is not None:
        write_private(out, found.content)
    typer.echo(f"When it is ready: sas access-request release {copy}", err=True)


@app.command()
def release(copy: str, really: Really = False, as_json: Json = False) -> None:
    """Let the student collect a copy that you have looked at; without --really, nothing is done."""
    if not really:
        typer.echo("To let the student collect it: add --really", err=True)
        return
    with letting_go():
        found = _access().ReleaseAccessCopy(pb.ReleaseAccessCopyRequest(name=copy))
    show(found, as_json=as_json)


@app.command()
def recall(copy: str, really: Really = False, as_json: Json = False) -> None:
    """Take a copy back; without --really, nothing is done. What was collected stays collected."""
    if not really:
        typer.echo("To take it back: add --really", err=True)
        return
    with calling():
        found = _access().RecallAccessCopy(pb.RecallAccessCopyRequest(name=copy))
    show(found, as_json=as_json)
