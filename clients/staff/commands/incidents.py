"""Inadvertent breaches: accidents and near misses. For those that are decided: sas breach."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import incidents_pb2, incidents_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from clients.staff.commands.options import Purpose, Why, WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(help="Accidents with confidentiality, and near misses.", no_args_is_help=True)


class What(StrEnum):
    """What happened."""

    WRONG_RECIPIENT = "wrong_recipient"
    OVERHEARD = "overheard"
    PAPER_LOST = "paper_lost"
    DEVICE_LOST = "device_lost"
    SEEN_BY_SOMEBODY = "seen_by_somebody"
    OTHER = "other"


class Outcome(StrEnum):
    """What is decided."""

    REPORTED = "reported"
    NOT_REPORTABLE = "not_reportable"


def _incidents() -> incidents_pb2_grpc.IncidentsServiceStub:
    return stub(incidents_pb2_grpc.IncidentsServiceStub)


@app.command()
def record(
    what: What,
    case: Annotated[
        str, typer.Option(help="The case of the student it concerns; none if you can't know it.")
    ] = "cases/-",
    decider: Annotated[
        str, typer.Option(help="Who decides what is done: staffMembers/...; you if not given.")
    ] = "",
    near_miss: Annotated[bool, typer.Option(help="It only nearly happened.")] = False,
    known_at: Annotated[
        datetime | None, typer.Option(help="When you came to know, in UTC; now if not given.")
    ] = None,
    words: WordsFrom = None,
    as_json: Json = False,
) -> None:
    """Record what happened; for an accident, the 72 hours run from when it was known."""
    known = Timestamp()
    known.FromDatetime((known_at or datetime.now(UTC)).replace(tzinfo=UTC))
    words_said = ask({"happened": "What happened"}, words)
    with calling():
        found = _incidents().RecordIncident(
            incidents_pb2.RecordIncidentRequest(
                parent=case,
                kind="near_miss" if near_miss else "incident",
                what=what,
                known_at=known,
                decider=decider or _myself(),
                request_id=new_request_id(),
                **words_said,
            )
        )
    show(found, as_json=as_json)


def _myself() -> str:
    session = stub(sessions_pb2_grpc.SessionsServiceStub).GetSession(
        sessions_pb2.GetSessionRequest()
    )
    return str(session.person)


@app.command()
def decide(incident: str, outcome: Outcome, words: WordsFrom = None, as_json: Json = False) -> None:
    """Decide what is done about it, as the one named, or as a manager."""
    with calling():
        found = _incidents().DecideIncident(
            incidents_pb2.DecideIncidentRequest(
                name=incident,
                outcome=outcome,
                **ask({"done": "What was done, and why it was or was not reported"}, words),
            )
        )
    show(found, as_json=as_json)


@app.command("show")
def show_incident(
    incident: str, purpose: Why = Purpose.RECORD_KEEPING, as_json: Json = False
) -> None:
    """Read one entry of the register."""
    with calling():
        found = _incidents().GetIncident(
            incidents_pb2.GetIncidentRequest(name=incident, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json)


@app.command("list")
def list_incidents(page_token: str = "", as_json: Json = False) -> None:
    """List the register, the newest first."""
    with calling():
        page = _incidents().ListIncidents(incidents_pb2.ListIncidentsRequest(page_token=page_token))
    show_list(
        page.incidents,
        ["name", "kind", "what", "known_at", "report_by", "overdue", "decider", "outcome"],
        as_json=as_json,
        empty="Nothing happened.",
    )
