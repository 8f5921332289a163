"""Events that could not be handled: an operator's commands, on the machine that runs the stack."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import typer

app = typer.Typer(
    help="Parked events (for operators, on the stack's machine).", no_args_is_help=True
)

WORKERS = ("consent-work", "identity-work", "cases-work", "reports-work")


@app.command()
def parked() -> None:
    """List what is parked: names, counts and tries; no contents."""
    _each("parked")


@app.command()
def retry() -> None:
    """Put everything parked back, once its cause is mended. Twice does no harm."""
    _each("retry")


def _each(command: str) -> None:
    """Run *command* for every worker; the broker's login is theirs, so it is done as each."""
    if importlib.util.find_spec("deploy.command") is None:
        typer.echo("Run this on the machine that runs the stack.", err=True)
        raise typer.Exit(2)
    failed = False
    for worker in WORKERS:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.command", worker, "events", command], check=False
        )
        failed |= done.returncode != 0
    if failed:
        raise typer.Exit(1)
