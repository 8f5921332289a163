"""The gateway as the commands use it, with errors that say what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import typer

from clients.gateway import Gateway, ServiceError, Stub, understood_errors
from clients.staff import near_misses, settings
from common.errors import (
    NotAvailable,
    RefusedByPolicy,
    SecondFactorNeeded,
    SignInNeeded,
    StaleEtag,
    TryAgain,
)

NEXT_STEP: dict[type[ServiceError], str] = {
    SignInNeeded: "Sign in first: sas sign-in",
    SecondFactorNeeded: "Sign in again with your second factor: sas sign-in",
    NotAvailable: "Check the name, or ask a colleague whether this case is one for you.",
    StaleEtag: "Somebody changed it in the meantime. Look at it again, then repeat.",
    TryAgain: "Nothing was opened or lost. Try again in a moment.",
}


@contextmanager
def calling() -> Iterator[None]:
    """Run calls to the gateway; an error ends the command with a clear message and exit code 1."""
    try:
        with understood_errors():
            yield
    except ServiceError as error:
        say_error(error)
        raise typer.Exit(1) from None


@contextmanager
def letting_go(case: str = "") -> Iterator[None]:
    """Like `calling`, where words are about to leave: a refusal may be worth recording (R14)."""
    try:
        with understood_errors():
            yield
    except ServiceError as error:
        say_error(error)
        if command := near_misses.command_for(error, case):
            typer.echo(f"If it nearly went wrong, record that: {command}", err=True)
        raise typer.Exit(1) from None


def say_error(error: ServiceError) -> None:
    """Say on standard error what went wrong and what to do next."""
    typer.secho(f"{error.message}", fg=typer.colors.RED, err=True)
    for field, why in error.violations.items():
        typer.echo(f"  {field}: {why}", err=True)
    if isinstance(error, RefusedByPolicy):
        for reason in error.in_words:
            typer.echo(f"  because: {reason}", err=True)
        if error.decision:
            typer.echo(f"To see it again: sas policy explain {error.decision}", err=True)
    if advice := NEXT_STEP.get(type(error)):
        typer.echo(advice, err=True)
    if trace := error.metadata.get("trace_id"):
        typer.echo(f"For the operators: trace {trace}", err=True)


def gateway(*, signed_in: bool = True) -> Gateway:
    """Return the gateway, with the kept session."""
    known = settings.read()
    if not known.ca_file.exists():
        typer.echo(
            f"No certificates to trust at {known.ca_file}. "
            "Set SAS_CA_FILE, or start the local stack with: make up",
            err=True,
        )
        raise typer.Exit(2)
    token = settings.session(known) if signed_in else None
    if signed_in and token is None:
        typer.echo("You are not signed in. Sign in first: sas sign-in", err=True)
        raise typer.Exit(1)
    return Gateway(known.gateway, known.ca_file, token)


def stub(stub_class: Callable[[grpc.Channel], Stub]) -> Stub:
    """Return a stub on the gateway, with the kept session."""
    return gateway().stub(stub_class)
