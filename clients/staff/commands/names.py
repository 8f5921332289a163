"""
Which staff member a line of a student's list is about.

The student asks, with their reasons; a manager whose name it is not balances that against the
staff member's own rights; the staff member may say what they think. Without --really, `decide` only
shows what there is to weigh.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from sas.cases.v1 import name_requests_pb2, name_requests_pb2_grpc
from sas.common.v1 import naming_pb2
from sas.consent.v1 import name_procedure_pb2, name_procedure_pb2_grpc
from sas.identity.v1 import staff_members_pb2, staff_members_pb2_grpc

from clients.staff.commands.options import WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list
from clients.staff.words import ask

app = typer.Typer(
    help="The name of the staff member behind a line of a student's list.", no_args_is_help=True
)

TASKS = ["name", "due_at", "overdue", "staff_member", "action", "line_time", "view", "hidden"]


class Answer(StrEnum):
    """What is decided."""

    RELEASE = "release"
    WITHHOLD = "withhold"

    def to_proto(self) -> naming_pb2.NameAnswer.ValueType:
        """Return the proto's value."""
        return naming_pb2.NameAnswer.Value(f"NAME_ANSWER_{self.name}")


class Ground(StrEnum):
    """What is weighed; `sas name grounds` says it in words."""

    ESSENTIAL_FOR_RIGHTS = "essential-for-rights"
    OUTSIDE_INSTRUCTIONS = "outside-instructions"
    STAFF_MEMBER_AGREES = "staff-member-agrees"
    KNOWN_TO_THE_STUDENT = "known-to-the-student"
    LIST_IS_ENOUGH = "list-is-enough"
    RISK_TO_STAFF_MEMBER = "risk-to-staff-member"
    NOT_REASONABLE_WITHOUT_CONSENT = "not-reasonable-without-consent"
    ABOUT_ANOTHER_PERSON = "about-another-person"

    def to_proto(self) -> naming_pb2.NameGround.ValueType:
        """Return the proto's value."""
        return naming_pb2.NameGround.Value(f"NAME_GROUND_{self.name}")


class View(StrEnum):
    """What the staff member says whose name it is."""

    AGREES = "agrees"
    OBJECTS = "objects"
    LEAVES_IT = "leaves-it"

    def to_proto(self) -> naming_pb2.NameView.ValueType:
        """Return the proto's value."""
        return naming_pb2.NameView.Value(f"NAME_VIEW_{self.name}")


class NotHeard(StrEnum):
    """Why the staff member was not heard."""

    LEFT_THE_SERVICE = "left-the-service"
    NO_ANSWER_IN_TIME = "no-answer-in-time"
    CONFLICT_OF_INTEREST = "conflict-of-interest"
    RISK_TO_SOMEBODY = "risk-to-somebody"

    def to_proto(self) -> naming_pb2.NotHeard.ValueType:
        """Return the proto's value."""
        return naming_pb2.NotHeard.Value(f"NOT_HEARD_{self.name}")


def _words() -> name_requests_pb2_grpc.NameRequestsServiceStub:
    return stub(name_requests_pb2_grpc.NameRequestsServiceStub)


def _procedure() -> name_procedure_pb2_grpc.NameProcedureServiceStub:
    return stub(name_procedure_pb2_grpc.NameProcedureServiceStub)


# For a signed-in student


@app.command("ask")
def ask_for_name(line: str, words: WordsFrom = None, as_json: Json = False) -> None:
    """Ask who it was, as the student: LINE is accesses/... of `sas access list`."""
    with calling():
        asked = _words().AskForName(
            name_requests_pb2.AskForNameRequest(
                line=line,
                request_id=new_request_id(),
                **ask({"why": "Why you want to know"}, words),
            )
        )
    show(asked, as_json=as_json)


@app.command("mine")
def list_own(as_json: Json = False) -> None:
    """List what you asked, as the student, and what was decided."""
    with calling():
        found = _procedure().ListNameRequests(name_procedure_pb2.ListNameRequestsRequest())
    show_list(
        found.name_requests,
        ["name", "line", "state", "asked_at", "due_at"],
        as_json=as_json,
        empty="You have asked for no name.",
    )
    if as_json:
        return
    for each in found.name_requests:
        for reason in each.reasons:
            typer.echo(f"{each.name}: {reason.words} ({reason.source})")
    if remedies := {each.remedies for each in found.name_requests} - {""}:
        typer.echo("\n".join(remedies))


@app.command()
def tell(name_request: str, as_json: Json = False) -> None:
    """See the name, as the student, if it was decided that you may."""
    with calling():
        told = stub(staff_members_pb2_grpc.StaffMembersServiceStub).GetReleasedName(
            staff_members_pb2.GetReleasedNameRequest(name=name_request)
        )
    show(told, as_json=as_json)


# For staff


@app.command("list")
def list_tasks(as_json: Json = False) -> None:
    """List what waits for you: to balance as a manager, or about your own name."""
    with calling():
        found = _procedure().ListNameTasks(name_procedure_pb2.ListNameTasksRequest())
    show_list(found.tasks, TASKS, as_json=as_json, empty="Nothing waits for you.")


@app.command("show")
def show_request(name_request: str, as_json: Json = False) -> None:
    """Read what was said: as a manager all of it, as the student what you wrote."""
    with calling():
        found = _words().GetNameRequest(name_requests_pb2.GetNameRequestRequest(name=name_request))
    show(found, as_json=as_json)


@app.command()
def grounds(as_json: Json = False) -> None:
    """List what is weighed, with where it comes from."""
    with calling():
        found = _procedure().ListNameGrounds(name_procedure_pb2.ListNameGroundsRequest())
    show_list(
        found.grounds, ["ground", "answer", "words", "source"], as_json=as_json, empty="None."
    )


@app.command("view")
def give_view(name_request: str, what: View, words: WordsFrom = None) -> None:
    """Say what you think of being named. It is weighed, and is no veto."""
    with calling():
        _words().GiveNameView(
            name_requests_pb2.GiveNameViewRequest(
                name=name_request,
                view=what.to_proto(),
                request_id=new_request_id(),
                **ask({"words": "What you want to say about it"}, words),
            )
        )
    typer.echo("Whoever decides will read it; the student will not.")


@app.command()
def decide(
    name_request: str,
    answer: Answer,
    ground: Annotated[
        list[Ground], typer.Option(help="What was weighed, for and against; again for more.")
    ],
    not_heard: Annotated[
        NotHeard | None, typer.Option(help="Why the staff member was not heard.")
    ] = None,
    words: WordsFrom = None,
    really: Annotated[bool, typer.Option("--really", help="Do it; without, only show.")] = False,
    as_json: Json = False,
) -> None:
    """Decide whether the student is told, as a manager whose name it is not. Once."""
    if not really:
        show_request(name_request, as_json=as_json)
        typer.echo("To decide, once and for all: add --really", err=True)
        return
    with calling():
        _words().DecideNameRequest(
            name_requests_pb2.DecideNameRequestRequest(
                name=name_request,
                answer=answer.to_proto(),
                grounds=[each.to_proto() for each in ground],
                not_heard=not_heard.to_proto() if not_heard else naming_pb2.NOT_HEARD_UNSPECIFIED,
                request_id=new_request_id(),
                **ask({"reasons": "How it was weighed"}, words),
            )
        )
    typer.echo("It is decided. The student finds the answer in their list: sas name mine")
