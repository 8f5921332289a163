"""Paper: what is printed to refer to, and where it is until it is destroyed."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sas.cases.v1 import prints_pb2, prints_pb2_grpc
from sas.common.v1 import purpose_pb2

from clients.staff.commands.options import new_request_id, refuse_existing, write_private
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Paper: what was printed, and where it is.", no_args_is_help=True)

_PIPE = Path("-")


class PrintPurpose(StrEnum):
    """What paper is for; the student sees it."""

    ADVICE = "advice"
    REFLECTIVE_PRACTICE = "reflective-practice"
    SAFETY = "safety"

    def to_proto(self) -> purpose_pb2.Purpose.ValueType:
        """Return the proto's value."""
        return purpose_pb2.Purpose.Value(f"PURPOSE_{self.name}")


def _prints() -> prints_pb2_grpc.PrintsServiceStub:
    return stub(prints_pb2_grpc.PrintsServiceStub)


def print_items(
    case: str,
    items: Annotated[list[str], typer.Argument(help="Its notes and documents, in this order.")],
    purpose: Annotated[PrintPurpose, typer.Option(help="What for; the student will see it.")],
    drawer: Annotated[
        str, typer.Option(help="Where in the filing cabinet it will be, such as B2 or 3-12.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="A new file, readable by you only; or - for a pipe: ... --out - | lp"),
    ],
) -> None:
    """
    Print notes and documents that you need on paper. The student will see that you did, and why.

    Choose a file name that tells nothing, and remove the file once it is on paper.
    """
    if out == _PIPE and sys.stdout.isatty():
        typer.echo("A terminal prints nothing: add  | lp  or choose a file with --out.", err=True)
        raise typer.Exit(2)
    if out != _PIPE:
        # Before anything leaves: what can't be written would stand in the register all the same.
        refuse_existing(out)
    with calling():
        found = _prints().PrintItems(
            prints_pb2.PrintItemsRequest(
                parent=case,
                items=items,
                purpose=purpose.to_proto(),
                kept_in=drawer,
                request_id=new_request_id(),
            )
        )
    name = found.print.name
    if out == _PIPE:
        sys.stdout.buffer.write(found.content)
        sys.stdout.buffer.flush()
    else:
        write_private(out, found.content)
    typer.echo(
        f"This is {name}, and it says so on each page. Lock it away in the filing cabinet"
        f" ({drawer}). When it is shredded: sas print destroyed {name}",
        err=True,
    )


@app.command("list")
def list_prints(
    case: Annotated[str, typer.Argument(help="Of one case; of all if not given.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was destroyed, which is left out else.")
    ] = False,
    page_token: str = "",
    as_json: Json = False,
) -> None:
    """List what is on paper, and where it should be."""
    with calling():
        page = _prints().ListPrints(
            prints_pb2.ListPrintsRequest(case=case, only_kept=not everything, page_token=page_token)
        )
    show_list(
        page.prints,
        ["name", "case", "kept_in", "printed_by", "print_time", "destroy_time"],
        as_json=as_json,
        empty="Nothing is on paper.",
    )
    if page.next_page_token and not as_json:
        typer.echo(f"More: --page-token {page.next_page_token}")


@app.command()
def destroyed(
    name: Annotated[str, typer.Argument(metavar="PRINT", help="As on each page: prints/...")],
    as_json: Json = False,
) -> None:
    """Say that you have destroyed a print, all of its pages. This is not taken back."""
    with calling():
        found = _prints().AttestDestruction(prints_pb2.AttestDestructionRequest(name=name))
    show(found, as_json=as_json)
