"""Documents: letters and other files."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Annotated

import typer
from sas.cases.v1 import documents_pb2, documents_pb2_grpc

from clients.staff.commands.options import OutFile, Purpose, Why, new_request_id, write_private
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Documents.", no_args_is_help=True)


def _documents() -> documents_pb2_grpc.DocumentsServiceStub:
    return stub(documents_pb2_grpc.DocumentsServiceStub)


@app.command()
def attach(
    case: str,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    as_json: Json = False,
) -> None:
    """Attach a file to a case. Its title is asked for, since titles tell stories."""
    title = typer.prompt("Title", err=True)
    with calling():
        found = _documents().AttachDocument(
            documents_pb2.AttachDocumentRequest(
                parent=case,
                title=title,
                media_type=mimetypes.guess_type(file.name)[0] or "",
                content=file.read_bytes(),
                request_id=new_request_id(),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_document(
    document: str, purpose: Why = Purpose.ADVICE, out: OutFile = None, as_json: Json = False
) -> None:
    """Open a document. The student will see that you did, and why."""
    with calling():
        found = _documents().GetDocument(
            documents_pb2.GetDocumentRequest(name=document, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json, skip=() if as_json else ("content",))
    if out is not None:
        write_private(out, found.content)


@app.command("list")
def list_documents(case: str, as_json: Json = False) -> None:
    """List the documents of a case, without titles."""
    with calling():
        page = _documents().ListDocuments(documents_pb2.ListDocumentsRequest(parent=case))
    show_list(
        page.documents,
        ["name", "media_type", "size_bytes", "author"],
        as_json=as_json,
        empty="No documents.",
    )
