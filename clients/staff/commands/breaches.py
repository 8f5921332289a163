"""Breaches of confidentiality: in very rare circumstances, by the policy's own procedure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import breaches_pb2, breaches_pb2_grpc
from sas.consent.v1 import breach_procedure_pb2, breach_procedure_pb2_grpc

from clients.staff.commands.options import WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Breaches of confidentiality.", no_args_is_help=True)

PARTS = {
    "outline": "Outline of the situation",
    "reason": "Reason",
    "intended_outcome": "What would be achieved",
    "student_spoken_to": "How the student was spoken to, or why not",
}
Ground = Annotated[str, typer.Option(help="grounds/...; see: sas breach grounds")]
Answer = Annotated[bool | None, typer.Option(help="Answered for itself, never assumed.")]
Recipient = Annotated[
    list[str] | None, typer.Option(help="thirdParties/...=kind, for each recipient.")
]


class Advice(StrEnum):
    """What a colleague advises."""

    FOR = "for"
    AGAINST = "against"


def _breaches() -> breaches_pb2_grpc.BreachesServiceStub:
    return stub(breaches_pb2_grpc.BreachesServiceStub)


def _procedure() -> breach_procedure_pb2_grpc.BreachProcedureServiceStub:
    return stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)


def _yes_no(answer: bool | None) -> breaches_pb2.YesNo.ValueType:
    if answer is None:
        return breaches_pb2.YES_NO_UNSPECIFIED
    return breaches_pb2.YES_NO_YES if answer else breaches_pb2.YES_NO_NO


def _parts(
    ground: str,
    serious: bool | None,
    imminent: bool | None,
    recipient: list[str] | None,
    words: dict[str, str],
) -> breaches_pb2.BreachParts:
    pairs = [entry.partition("=") for entry in recipient or []]
    return breaches_pb2.BreachParts(
        ground=ground,
        serious=_yes_no(serious),
        imminent=_yes_no(imminent),
        recipients=[
            breaches_pb2.BreachRecipient(third_party=name, kind=kind or "other")
            for name, _, kind in pairs
        ],
        **words,
    )


@app.command()
def grounds(as_json: Json = False) -> None:
    """List the grounds, with the policy's words and the statutes of today."""
    with calling():
        found = _procedure().ListGrounds(breach_procedure_pb2.ListGroundsRequest())
    show_list(
        found.grounds,
        ["name", "policy_words", "statute", "effect", "valid_until"],
        as_json=as_json,
        empty="No grounds.",
    )


@app.command()
def draft(
    case: str,
    ground: Ground = "",
    serious: Answer = None,
    imminent: Answer = None,
    recipient: Recipient = None,
    words: WordsFrom = None,
    as_json: Json = False,
) -> None:
    """Begin the record; any part may still be missing."""
    parts = _parts(ground, serious, imminent, recipient, ask(PARTS, words))
    with calling():
        found = _breaches().DraftBreach(
            breaches_pb2.DraftBreachRequest(parent=case, parts=parts, request_id=new_request_id())
        )
    show(found, as_json=as_json)


@app.command()
def amend(
    breach: str,
    ground: Ground = "",
    serious: Answer = None,
    imminent: Answer = None,
    recipient: Recipient = None,
    words: WordsFrom = None,
    as_json: Json = False,
) -> None:
    """Add to the record before the decision; what is empty stays as it was."""
    parts = _parts(ground, serious, imminent, recipient, ask(PARTS, words))
    with calling():
        found = _breaches().AmendBreach(breaches_pb2.AmendBreachRequest(name=breach, parts=parts))
    show(found, as_json=as_json)


@app.command("ask")
def ask_for_advice(breach: str, colleague: str, as_json: Json = False) -> None:
    """Ask a colleague for advice."""
    with calling():
        found = _procedure().AskForAdvice(
            breach_procedure_pb2.AskForAdviceRequest(name=breach, colleague=colleague)
        )
    show(found, as_json=as_json)


@app.command()
def advise(breach: str, answer: Advice, as_json: Json = False) -> None:
    """Give the advice you were asked for. "Against" is recorded, and is no veto."""
    value = breach_procedure_pb2.AdviceAnswer.Value(f"ADVICE_ANSWER_{answer.name}")
    with calling():
        found = _procedure().GiveAdvice(
            breach_procedure_pb2.GiveAdviceRequest(name=breach, answer=value)
        )
    show(found, as_json=as_json)


@app.command()
def decide(
    breach: str,
    despite_advice: Annotated[
        bool, typer.Option(help="Go on although the colleague advised against it.")
    ] = False,
    really: Annotated[bool, typer.Option("--really", help="Do it; without, only show.")] = False,
    as_json: Json = False,
) -> None:
    """Decide to break confidentiality; without --really, only show what is missing."""
    with calling():
        if not really:
            found = _procedure().GetBreachProcedure(
                breach_procedure_pb2.GetBreachProcedureRequest(name=breach)
            )
            show(found, as_json=as_json)
            typer.echo("Ultimately it is up to you. To decide: add --really", err=True)
            return
        decided = _breaches().DecideBreach(
            breaches_pb2.DecideBreachRequest(name=breach, despite_advice=despite_advice)
        )
    show(decided, as_json=as_json)


@app.command()
def told(breach: str, recipient: str, words: WordsFrom = None, as_json: Json = False) -> None:
    """Record what was told, just now, to whom."""
    now = Timestamp()
    now.GetCurrentTime()
    with calling():
        found = _breaches().RecordBreachDisclosure(
            breaches_pb2.RecordBreachDisclosureRequest(
                name=breach,
                recipient=recipient,
                told_at=now,
                request_id=new_request_id(),
                **ask({"told": "What was told"}, words),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_breach(breach: str, as_json: Json = False) -> None:
    """Open the record of a breach of confidentiality."""
    with calling():
        found = _breaches().GetBreach(breaches_pb2.GetBreachRequest(name=breach))
    show(found, as_json=as_json)
