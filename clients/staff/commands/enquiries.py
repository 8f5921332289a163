"""Enquiries: contacts that are no case, and third parties' questions about somebody."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from sas.cases.v1 import enquiries_pb2, enquiries_pb2_grpc

from clients.staff.commands.options import Day, Purpose, Why, WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Enquiries, and questions from outside.", no_args_is_help=True)


class Channel(StrEnum):
    """Which way a question is answered."""

    TELEPHONE = "telephone"
    DESK = "desk"
    MAIL = "mail"

    def to_proto(self) -> enquiries_pb2.ReplyChannel.ValueType:
        """Return the proto's value."""
        return enquiries_pb2.ReplyChannel.Value(f"REPLY_CHANNEL_{self.name}")


class State(StrEnum):
    """How far a question got; `any` lists every enquiry."""

    ANY = "any"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"

    def to_proto(self) -> enquiries_pb2.QuestionState.ValueType:
        """Return the proto's value."""
        if self is State.ANY:
            return enquiries_pb2.QUESTION_STATE_UNSPECIFIED
        return enquiries_pb2.QuestionState.Value(f"QUESTION_STATE_{self.name}")


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
def list_enquiries(
    questions: Annotated[
        State, typer.Option(help="Only questions from outside, in this state.")
    ] = State.ANY,
    page_token: str = "",
    as_json: Json = False,
) -> None:
    """List the enquiries, newest first."""
    with calling():
        page = _enquiries().ListEnquiries(
            enquiries_pb2.ListEnquiriesRequest(
                page_token=page_token,
                question_state=questions.to_proto(),
            )
        )
    show_list(
        page.enquiries,
        ["name", "contact_date", "kind", "question_kind", "question_state", "reply_mail", "case"],
        as_json=as_json,
        empty="No enquiries.",
    )


@app.command()
def script(
    channel: Annotated[Channel, typer.Argument()] = Channel.TELEPHONE, as_json: Json = False
) -> None:
    """Show what everybody is told who asks whether somebody comes to us."""
    with calling():
        found = _enquiries().GetReplyScript(
            enquiries_pb2.GetReplyScriptRequest(channel=channel.to_proto())
        )
    if as_json:
        show(found, as_json=True)
        return
    typer.echo(found.text)
    typer.secho("\nFor you, not to be said:", bold=True)
    typer.echo(found.guidance)


@app.command()
def answer(
    question: str,
    channel: Annotated[Channel, typer.Option(help="Which way; by mail, it is sent for you.")],
    as_json: Json = False,
) -> None:
    """Answer a question from outside with the words that everybody gets."""
    with calling():
        found = _enquiries().AnswerQuestion(
            enquiries_pb2.AnswerQuestionRequest(name=question, channel=channel.to_proto())
        )
    show(found, as_json=as_json)


@app.command()
def close(question: str, as_json: Json = False) -> None:
    """Close a question from outside: nothing more is to be done."""
    with calling():
        found = _enquiries().CloseQuestion(enquiries_pb2.CloseQuestionRequest(name=question))
    show(found, as_json=as_json)
