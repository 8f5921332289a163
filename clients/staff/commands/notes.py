"""Case notes: situation, advice offered, action taken."""

from __future__ import annotations

import typer
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc

from clients.staff.commands.options import Day, Purpose, Why, WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Case notes.", no_args_is_help=True)

PARTS = {
    "situation": "Situation",
    "advice_offered": "Advice offered",
    "action_taken": "Action taken",
}


def _notes() -> case_notes_pb2_grpc.CaseNotesServiceStub:
    return stub(case_notes_pb2_grpc.CaseNotesServiceStub)


@app.command()
def write(
    case: str,
    words: WordsFrom = None,
    contact_date: Day = "",
    corrects: str = "",
    as_json: Json = False,
) -> None:
    """Write a case note; without --from your editor opens."""
    parts = ask(PARTS, words)
    if not any(parts.values()):
        typer.echo("The note is empty; nothing was sent.", err=True)
        raise typer.Exit(1)
    with calling():
        found = _notes().WriteCaseNote(
            case_notes_pb2.WriteCaseNoteRequest(
                parent=case,
                contact_date=contact_date,
                corrects=corrects,
                request_id=new_request_id(),
                **parts,
            )
        )
    show(found, as_json=as_json)
    if not found.complete and not as_json:
        typer.echo("One of the three parts is missing, so it is kept as a draft.", err=True)


@app.command("show")
def show_note(note: str, purpose: Why = Purpose.ADVICE, as_json: Json = False) -> None:
    """Read a case note. The student will see that you did, and why."""
    with calling():
        found = _notes().GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=note, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json)


@app.command("list")
def list_notes(case: str, page_token: str = "", as_json: Json = False) -> None:
    """List the notes of a case, without words."""
    with calling():
        page = _notes().ListCaseNotes(
            case_notes_pb2.ListCaseNotesRequest(parent=case, page_token=page_token)
        )
    show_list(
        page.notes,
        ["name", "contact_date", "author", "complete", "corrects"],
        as_json=as_json,
        empty="No notes yet. Write one with: sas note write " + case,
    )
