"""How the ledger does: what it lacks, what stops because of that, and what goes on."""

from __future__ import annotations

import typer
from sas.consent.v1 import ledger_health_pb2, ledger_health_pb2_grpc

from clients.staff.connection import calling, gateway, stub
from clients.staff.output import Json, show

_Stub = ledger_health_pb2_grpc.LedgerHealthServiceStub


def health(as_json: Json = False) -> None:
    """
    Say how the ledger does, and end with 1 if somebody has to do something about it.

    Whether the Service can work is said to anybody. The rest is for operators, auditors and the
    manager, and needs a session, which nobody gets while Vault is away: then ask `make status`.
    """
    with calling():
        anybody = gateway(signed_in=False).stub(_Stub)
        told = anybody.GetAvailability(ledger_health_pb2.GetAvailabilityRequest())
    if not as_json:
        typer.secho(told.statement, fg=None if told.opening else typer.colors.RED)
    with calling():
        found = stub(_Stub).GetLedgerHealth(ledger_health_pb2.GetLedgerHealthRequest())
    if as_json:
        show(found, as_json=True)
    else:
        typer.echo(f"{found.size} entries, signed up to {found.signed_size}.")
        for witness in found.witnesses:
            typer.echo(f"{witness.key_name} has signed up to {witness.size}.")
        for each in found.troubles:
            _tell(each)
    if any(each.todo for each in found.troubles):
        raise typer.Exit(1)


def _tell(trouble: ledger_health_pb2.LedgerTrouble) -> None:
    since = f" since {trouble.since_time.ToDatetime():%Y-%m-%d %H:%M} UTC"
    typer.echo(f"\nLacks: {trouble.lack}{since if trouble.HasField('since_time') else ''}")
    typer.echo(f"  stops:   {trouble.stops}")
    typer.echo(f"  goes on: {trouble.goes_on}")
    if trouble.todo:
        typer.secho(f"  to do:   {trouble.todo}", fg=typer.colors.YELLOW)
