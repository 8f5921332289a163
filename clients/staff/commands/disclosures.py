"""Disclosures: one file, to one third party, for one purpose, until one day."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from sas.cases.v1 import (
    disclosures_pb2,
    disclosures_pb2_grpc,
    redactions_pb2,
    redactions_pb2_grpc,
)
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.staff.commands.options import (
    DisclosurePurpose,
    OutFile,
    WordsFrom,
    new_request_id,
    write_private,
)
from clients.staff.connection import calling, letting_go, stub
from clients.staff.output import Json, show
from clients.staff.words import ask

_PAGE = re.compile(r"page ([1-9][0-9]?)")

_NEXT = {
    disclosures_pb2.DISCLOSURE_STATE_NOT_TAKEN: "The mail server takes no mail for this address."
    " Ask the third party for the right one, and propose it again: sas disclosure propose",
    disclosures_pb2.DISCLOSURE_STATE_NOT_SENT: "Link and code did not leave, or nobody knows"
    " whether they did; the link is dead. To send it again: sas disclosure send",
}
"""What to do next where sending came to nothing."""

Really = Annotated[bool, typer.Option("--really", help="Do it; without, only show.")]

app = typer.Typer(help="Disclosures.", no_args_is_help=True)


def _disclosures() -> disclosures_pb2_grpc.DisclosuresServiceStub:
    return stub(disclosures_pb2_grpc.DisclosuresServiceStub)


@app.command()
def propose(
    recipient: str,
    items: Annotated[list[str], typer.Argument(help="Documents and notes of one case.")],
    purpose: Annotated[DisclosurePurpose, typer.Option(help="What it is for.")],
    ends_on: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD.")],
    redaction: Annotated[
        list[str] | None, typer.Option(help="What is hidden, as `redact` named it; one an item.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Render what would leave, and ask the student for consent to exactly that."""
    with calling():
        third_party = stub(third_parties_pb2_grpc.ThirdPartiesServiceStub).GetThirdParty(
            third_parties_pb2.GetThirdPartyRequest(
                name=recipient, purpose=purpose_pb2.PURPOSE_DISCLOSURE
            )
        )
        found = _disclosures().ProposeDisclosure(
            disclosures_pb2.ProposeDisclosureRequest(
                document="documents/-",
                items=items,
                redactions=redaction or [],
                recipient=recipient,
                recipient_name=third_party.display_name,
                recipient_address=third_party.address,
                purpose=purpose.to_proto(),
                ends_on=ends_on,
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command()
def redact(item: str, source: WordsFrom = None, as_json: Json = False) -> None:
    """
    Mark what is hidden in a document or note before it leaves.

    One mark a line: the reason (another-person, staff-member, not-agreed, not-needed, other), a
    colon, and the passage; or `page 2` for a whole page. After ` // ` you can say why in words.
    """
    marks = redaction_marks(ask({"marks": "Marks"}, source)["marks"])
    with calling():
        found = stub(redactions_pb2_grpc.RedactionsServiceStub).RedactItem(
            redactions_pb2.RedactItemRequest(parent=item, marks=marks, request_id=new_request_id())
        )
    show(found, as_json=as_json)
    typer.echo(f"Look at it: sas disclosure preview {found.name} --out FILE", err=True)


def redaction_marks(text: str) -> list[redactions_pb2.RedactionMark]:
    """Read marks, one a line. Says which line is wrong, and never what is in it."""
    marks = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        said, _, why = line.partition(" // ")
        code, colon, passage = said.partition(":")
        name = f"REDACTION_REASON_{code.strip().upper().replace('-', '_')}"
        if not (colon and passage.strip() and name in redactions_pb2.RedactionReason.keys()):  # noqa: SIM118
            typer.echo(f"Line {number} must be a reason, a colon and a passage.", err=True)
            raise typer.Exit(2)
        page = _PAGE.fullmatch(passage.strip())
        marks.append(
            redactions_pb2.RedactionMark(
                reason=redactions_pb2.RedactionReason.Value(name),
                passage="" if page else passage.strip(),
                page=int(page[1]) if page else 0,
                why=why.strip(),
            )
        )
    return marks


@app.command("show")
def show_disclosure(disclosure: str, as_json: Json = False) -> None:
    """Show how far a disclosure got."""
    with calling():
        found = _disclosures().GetDisclosure(disclosures_pb2.GetDisclosureRequest(name=disclosure))
    show(found, as_json=as_json)
    if found.state in _NEXT:
        typer.echo(_NEXT[found.state], err=True)


@app.command()
def preview(disclosure: str, out: OutFile = None, as_json: Json = False) -> None:
    """See exactly what would leave, and to whom; or what a redaction would leave."""
    if "/redactions/" in disclosure:
        with calling():
            left = stub(redactions_pb2_grpc.RedactionsServiceStub).PreviewRedaction(
                redactions_pb2.PreviewRedactionRequest(name=disclosure)
            )
        show(left, as_json=as_json, skip=() if as_json else ("content",))
        if out is not None:
            write_private(out, left.content)
        return
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
    really: Really = False,
    hold: Annotated[
        int, typer.Option(help="Seconds that it can be recalled before anything leaves.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Send a disclosure that the student consented to; without --really, only show it."""
    with calling():
        found = _disclosures().GetDisclosure(disclosures_pb2.GetDisclosureRequest(name=disclosure))
    if really:
        with letting_go(found.case):
            found = _disclosures().SendDisclosure(
                disclosures_pb2.SendDisclosureRequest(
                    name=disclosure, etag=found.etag, hold_seconds=hold
                )
            )
    show(found, as_json=as_json)
    if not really:
        typer.echo("To send link and code to the third party: add --really", err=True)


@app.command()
def recall(disclosure: str, really: Really = False, as_json: Json = False) -> None:
    """Take back what was sent, or is about to be; without --really, only show it."""
    with calling():
        found = _disclosures().GetDisclosure(disclosures_pb2.GetDisclosureRequest(name=disclosure))
        if really:
            found = _disclosures().RecallDisclosure(
                disclosures_pb2.RecallDisclosureRequest(name=disclosure)
            )
    show(found, as_json=as_json)
    if not really:
        typer.echo("To take it back: add --really. What was read already stays read.", err=True)
