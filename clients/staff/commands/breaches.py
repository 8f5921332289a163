"""Breaches of confidentiality: in very rare circumstances, by the policy's own procedure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import breaches_pb2, breaches_pb2_grpc
from sas.consent.v1 import breach_procedure_pb2, breach_procedure_pb2_grpc

from clients.staff.commands import breach_tasks, embargoes
from clients.staff.commands.breach_parts import (
    HEADINGS,
    Answer,
    Ground,
    How,
    Recipient,
    Result,
    Said,
    Tried,
    Whose,
    WhyNot,
    tell_of_trusted,
    warn,
)
from clients.staff.commands.options import WordsFrom, new_request_id
from clients.staff.connection import calling, letting_go, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Breaches of confidentiality.", no_args_is_help=True)
app.add_typer(breach_tasks.advice, name="advice")
app.add_typer(breach_tasks.review, name="review")
app.add_typer(embargoes.app, name="embargo")
app.command("count")(breach_tasks.count)


class Advice(StrEnum):
    """What a colleague advises."""

    FOR = "for"
    AGAINST = "against"


def _breaches() -> breaches_pb2_grpc.BreachesServiceStub:
    return stub(breaches_pb2_grpc.BreachesServiceStub)


def _procedure() -> breach_procedure_pb2_grpc.BreachProcedureServiceStub:
    return stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)


def _show_standing(
    found: breaches_pb2.Breach | breach_procedure_pb2.BreachProcedure, as_json: bool
) -> None:
    warn(found.warnings)
    tell_of_trusted(found.trusted_contacts)
    show(found, as_json=as_json, skip=() if as_json else ("trusted_contacts",))


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
    whose_safety: Whose = None,
    tried_at: Tried = None,
    channel: How = None,
    result: Result = None,
    why_not: WhyNot = None,
    recipient: Recipient = None,
    words: WordsFrom = None,
    as_json: Json = False,
) -> None:
    """Begin the record; any part may still be missing."""
    said = Said(
        ground=ground,
        serious=serious,
        imminent=imminent,
        whose_safety=whose_safety,
        tried_at=tried_at,
        channel=channel,
        result=result,
        why_not=why_not,
        recipient=recipient,
    )
    parts = said.with_words(ask(HEADINGS, words))
    with calling():
        found = _breaches().DraftBreach(
            breaches_pb2.DraftBreachRequest(parent=case, parts=parts, request_id=new_request_id())
        )
    _show_standing(found, as_json)


@app.command()
def amend(
    breach: str,
    ground: Ground = "",
    serious: Answer = None,
    imminent: Answer = None,
    whose_safety: Whose = None,
    tried_at: Tried = None,
    channel: How = None,
    result: Result = None,
    why_not: WhyNot = None,
    recipient: Recipient = None,
    words: WordsFrom = None,
    as_json: Json = False,
) -> None:
    """Add to the record before the decision; what is empty stays as it was."""
    said = Said(
        ground=ground,
        serious=serious,
        imminent=imminent,
        whose_safety=whose_safety,
        tried_at=tried_at,
        channel=channel,
        result=result,
        why_not=why_not,
        recipient=recipient,
    )
    parts = said.with_words(ask(HEADINGS, words))
    with calling():
        found = _breaches().AmendBreach(breaches_pb2.AmendBreachRequest(name=breach, parts=parts))
    _show_standing(found, as_json)


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
    emergency: Annotated[
        bool, typer.Option(help="Nobody can be reached; a colleague reviews it within 24 hours.")
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
            _show_standing(found, as_json)
            typer.echo("Ultimately it is up to you. To decide: add --really", err=True)
            return
        decided = _breaches().DecideBreach(
            breaches_pb2.DecideBreachRequest(
                name=breach, despite_advice=despite_advice, emergency=emergency
            )
        )
    show(decided, as_json=as_json)


@app.command()
def told(breach: str, recipient: str, words: WordsFrom = None, as_json: Json = False) -> None:
    """Record what was told, just now, to whom."""
    now = Timestamp()
    now.GetCurrentTime()
    with letting_go():
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


@app.command()
def add(breach: str, words: WordsFrom = None, as_json: Json = False) -> None:
    """Add to the record after the decision: what is in it never changes."""
    with calling():
        found = _breaches().AddBreachAddendum(
            breaches_pb2.AddBreachAddendumRequest(
                name=breach,
                request_id=new_request_id(),
                **ask({"words": "To add"}, words),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_breach(breach: str, as_json: Json = False) -> None:
    """Open the record of a breach of confidentiality."""
    with calling():
        found = _breaches().GetBreach(breaches_pb2.GetBreachRequest(name=breach))
    warn(found.breach.warnings)
    tell_of_trusted(found.breach.trusted_contacts)
    show(found, as_json=as_json)
