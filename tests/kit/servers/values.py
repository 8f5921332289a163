"""What a lane gives, and what a test sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import attrs

from deploy.state import State

POSTGRES, VAULT, BROKER = "postgres", "vault", "broker"
NAMES = (POSTGRES, VAULT, BROKER)


@attrs.frozen
class Server:
    """One running server, as its administrator sees it."""

    name: str
    lane: str
    version: str
    address: str
    """As `127.0.0.1:5432`."""
    user: str
    """The superuser of PostgreSQL, an operator of Vault, a worker's user at the broker."""
    secret: str = attrs.field(repr=False)
    ca_file: Path
    """Whose certificates to believe."""


class LaneError(Exception):
    """The lane can't be had; the message says why, and what to do."""


class Lane(Protocol):
    """A place where servers come from."""

    name: str
    stays: bool
    """Whether the servers go on after us."""

    def describe(self) -> list[str]:
        """
        Say in one line for each server what will be used, such as its version or its image.

        Raises:
            LaneError: there is no such lane on this machine.
        """

    def place(self) -> State:
        """Give the state directory of the servers, with the root authority and nothing else."""

    def broker_user(self) -> str | None:
        """Name the system user that must be able to read the broker's files, if another's."""

    def begin(self, server: str) -> None:
        """Start one of `NAMES`, without waiting for it."""

    def wait(self, server: str) -> None:
        """Wait until the server serves."""

    def stop(self) -> None:
        """Stop and remove everything."""
