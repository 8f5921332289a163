"""What colleagues are asked to do about breaches of confidentiality, and how many there were."""

from __future__ import annotations

from enum import StrEnum

import typer
from sas.consent.v1 import breach_tasks_pb2, breach_tasks_pb2_grpc

from clients.staff.commands.breach_parts import warn
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

advice = typer.Typer(help="Advice that you were asked for.", no_args_is_help=True)
review = typer.Typer(
    help="Reviews of what was decided when nobody could be reached.", no_args_is_help=True
)


class Finding(StrEnum):
    """What you would have advised."""

    FOR = "for"
    AGAINST = "against"


def _tasks() -> breach_tasks_pb2_grpc.BreachTasksServiceStub:
    return stub(breach_tasks_pb2_grpc.BreachTasksServiceStub)


@advice.command("list")
def list_advice(as_json: Json = False) -> None:
    """List the breaches on which a colleague waits for your advice."""
    with calling():
        found = _tasks().ListAdviceRequests(breach_tasks_pb2.ListAdviceRequestsRequest())
    warn({code for each in found.requests for code in each.warnings})
    show_list(
        found.requests,
        ["breach", "asked_by", "asked_at", "warnings"],
        as_json=as_json,
        empty="Nobody waits for your advice.",
    )


@review.command("list")
def list_reviews(as_json: Json = False) -> None:
    """List what was decided in an emergency and waits for a colleague's review."""
    with calling():
        found = _tasks().ListBreachReviews(breach_tasks_pb2.ListBreachReviewsRequest())
    warn({code for each in found.reviews for code in each.warnings})
    show_list(
        found.reviews,
        ["breach", "involved", "decided_at", "due_at", "overdue", "warnings"],
        as_json=as_json,
        empty="Nothing waits for a review.",
    )


@review.command("answer")
def answer(breach: str, finding: Finding, as_json: Json = False) -> None:
    """Review what a colleague decided alone. Read it first: sas breach show."""
    value = breach_tasks_pb2.ReviewAnswer.Value(f"REVIEW_ANSWER_{finding.name}")
    with calling():
        found = _tasks().ReviewBreach(
            breach_tasks_pb2.ReviewBreachRequest(name=breach, answer=value)
        )
    show(found, as_json=as_json)


def count(as_json: Json = False) -> None:
    """Count the breaches of each term, without identity, and the tasks that are overdue."""
    with calling():
        found = _tasks().CountBreaches(breach_tasks_pb2.CountBreachesRequest())
    if as_json:
        show(found, as_json=True)
        return
    show_list(
        found.terms,
        ["term", "decided", "in_emergency", "unusual"],
        as_json=False,
        empty="No terms.",
    )
    if found.overdue_tasks:
        typer.secho(f"Overdue tasks: {found.overdue_tasks}", fg=typer.colors.YELLOW, err=True)
    if found.terms[0].unusual:
        typer.secho(
            "More than very rare circumstances: ask the manager why.",
            fg=typer.colors.YELLOW,
            err=True,
        )
