"""The confidentiality policy: may they, and why not."""

from __future__ import annotations

from typing import Annotated

import typer
from sas.consent.v1 import policy_pb2, policy_pb2_grpc

from clients.staff.commands.options import Purpose, Why
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show

app = typer.Typer(help="The confidentiality policy: may they, and why not.", no_args_is_help=True)


@app.command()
def explain(
    what: Annotated[
        str,
        typer.Argument(help="A decision (decisions/..., or its ledger index), or an action."),
    ],
    on: Annotated[
        str, typer.Argument(help="For an action: the case, enquiry, breach, disclosure or contact.")
    ] = "",
    staff_member: Annotated[str, typer.Option(help="A colleague; for managers.")] = "",
    role: Annotated[str, typer.Option(help="The colleague's role, adviser or manager.")] = "",
    purpose: Why = Purpose.ADVICE,
    as_json: Json = False,
) -> None:
    """
    Say why it was decided so, or how it would be decided now.

    A decision that was made: sas policy explain decisions/...
    One that would be: sas policy explain case_note:read cases/...
    Nothing is done; that you asked is written down, and the student can see it.
    """
    with calling():
        policy = stub(policy_pb2_grpc.PolicyServiceStub)
        if on:
            found = policy.ForeseeDecision(
                policy_pb2.ForeseeDecisionRequest(
                    action=what,
                    name=on,
                    staff_member=staff_member,
                    role=role,
                    purpose=purpose.to_proto(),
                )
            )
        else:
            name = f"decisions/{what.removeprefix('decisions/')}"
            found = policy.ExplainDecision(policy_pb2.ExplainDecisionRequest(name=name))
    if not as_json:
        typer.echo(_verdict(found))
        for each in found.reasons:
            typer.echo(f"  because: {each.sentence}{f' ({each.clause})' if each.clause else ''}")
        if not found.policy_in_force:
            typer.echo("  by an earlier policy than that of today")
    show(found, as_json=as_json, skip=[] if as_json else ["reasons", "allowed", "policy_in_force"])


def _verdict(found: policy_pb2.Explanation) -> str:
    if found.name:
        return "It was a yes." if found.allowed else "It was a no."
    return "It would be a yes." if found.allowed else "It would be a no."
