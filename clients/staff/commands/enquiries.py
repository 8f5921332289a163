"""Enquiries: contacts that are no case, with or without a name."""

from __future__ import annotations

import typer
from sas.cases.v1 import enquiries_pb2, enquiries_pb2_grpc

from clients.staff.commands.options import Day, Purpose, Why, WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Enquiries.", no_args_is_help=True)


def _enquiries() -> enquiries_pb2_grpc.EnquiriesServiceStub:
    return stub(enquiries_pb2_grpc.EnquiriesServiceStub)


@app.command()
def record(
    topic: str = "not-yet-known",
    words: WordsFrom = None,
    contact_date: Day = "",
    as_json: Json = False,
) -> None:
    """Record an enquiry; no name is needed."""
    with calling():
        found = _enquiries().RecordEnquiry(
            enquiries_pb2.RecordEnquiryRequest(
                topic=topic,
                contact_date=contact_date,
                request_id=new_request_id(),
                **ask({"words": "Enquiry"}, words),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_enquiry(enquiry: str, purpose: Why = Purpose.ADVICE, as_json: Json = False) -> None:
    """Read an enquiry, or a third party's question."""
    with calling():
        found = _enquiries().GetEnquiry(
            enquiries_pb2.GetEnquiryRequest(name=enquiry, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json)


@app.command("list")
def list_enquiries(page_token: str = "", as_json: Json = False) -> None:
    """List the enquiries, newest first."""
    with calling():
        page = _enquiries().ListEnquiries(enquiries_pb2.ListEnquiriesRequest(page_token=page_token))
    show_list(
        page.enquiries,
        ["name", "contact_date", "kind", "case"],
        as_json=as_json,
        empty="No enquiries.",
    )
