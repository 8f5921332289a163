"""The confidentiality policy: may they, and why not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sas.consent.v1 import policy_pb2, policy_pb2_grpc

from clients.staff.commands.options import Purpose, Why, write_private
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
        for each in found.unless:
            typer.echo(f"  unless: {each.sentence}{f' ({each.clause})' if each.clause else ''}")
        if not found.policy_in_force:
            typer.echo("  by an earlier policy than that of today")
    show(
        found,
        as_json=as_json,
        skip=[] if as_json else ["reasons", "unless", "allowed", "policy_in_force"],
    )


@app.command()
def receipt(
    decision: Annotated[str, typer.Argument(help="A decision of yours (decisions/...).")],
    out: Annotated[Path, typer.Option("--out", help="Write the receipt here.")],
) -> None:
    """
    Get the receipt of what you decided, and beside it, as FILE.entry, what it proves.

    Of a disclosure that you sent, or a breach of confidentiality that you decided. Anybody can
    check it without us: sas ledger verify-receipt.
    """
    name = f"decisions/{decision.removeprefix('decisions/')}"
    with calling():
        found = stub(policy_pb2_grpc.PolicyServiceStub).ProveDecision(
            policy_pb2.ProveDecisionRequest(name=name)
        )
    write_private(out, found.receipt.encode())
    write_private(out.with_name(f"{out.name}.entry"), found.entry.encode())


def _verdict(found: policy_pb2.Explanation) -> str:
    if found.name:
        return "It was a yes." if found.allowed else "It was a no."
    return "It would be a yes." if found.allowed else "It would be a no."
