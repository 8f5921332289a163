"""What the supervisor knows of one process: how to start it, what it needs, when it is ready."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from deploy.state import State


class NotReady(Exception):
    """The process doesn't do its work yet; the message says what is missing, never a secret."""


@attrs.frozen
class Command:
    """How to start a program. The environment is all of it: nothing is inherited."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    user: str | None = None
    """The system user it runs as; None for ourselves."""


def nothing(state: State) -> None:
    """Prepare nothing: most processes find all they need in their configuration."""


def never_unneeded(state: State) -> bool:
    """Say that there is always something to do, or that it takes the process itself to know."""
    return False


@attrs.frozen
class Process:
    """One line of the list of processes."""

    name: str
    command: Callable[[State], Command]
    ready: Callable[[State], None]
    """Asks the process itself, in its own protocol; raises NotReady or any error while it isn't."""
    ports: Sequence[str] = ()
    """The names of the ports it listens on (`deploy.state.PORTS`)."""
    needs: Sequence[str] = ()
    """What must be ready before this is started for the first time."""
    prepare: Callable[[State], None] = nothing
    """Done before every start; may be slow, may talk to what the process needs."""
    unneeded: Callable[[State], bool] = never_unneeded
    """Whether a one-shot has nothing to do, so that it need not even be started."""
    vault_role: str | None = None
    """Who the process is for Vault; a fresh single-use secret is laid out before each start."""
    once: bool = False
    """Runs to its end and must succeed (a migration), instead of staying up."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8
    """How long it may take to stop before it is killed."""
    start_seconds: float = 120
    """How long it may take to become ready before `up` gives up waiting."""
