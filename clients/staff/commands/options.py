"""Options that several commands share."""

from __future__ import annotations

import os
import uuid
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sas.common.v1 import purpose_pb2

WordsFrom = Annotated[
    Path | None,
    typer.Option("--from", help="Read the words from this file, or from - (standard input)."),
]
OutFile = Annotated[
    Path | None, typer.Option("--out", help="Write the file here, readable by you only.")
]
Day = Annotated[str, typer.Option(help="The day of the contact, YYYY-MM-DD; today if not given.")]


class Purpose(StrEnum):
    """Why a record is opened; the student sees it."""

    ADVICE = "advice"
    REFLECTIVE_PRACTICE = "reflective-practice"
    SAFETY = "safety"
    DISCLOSURE = "disclosure"
    OWN_RECORD = "own-record"
    ACCESS_REQUEST = "access-request"
    RECORD_KEEPING = "record-keeping"

    def to_proto(self) -> purpose_pb2.Purpose.ValueType:
        """Return the proto's value."""
        return purpose_pb2.Purpose.Value(f"PURPOSE_{self.name}")


class DisclosurePurpose(StrEnum):
    """What a disclosure is for."""

    ACADEMIC_ARRANGEMENT = "academic-arrangement"
    WELFARE_SUPPORT = "welfare-support"
    HEALTH_CARE = "health-care"
    COMPLAINT_OR_APPEAL = "complaint-or-appeal"
    SAFETY = "safety"

    def to_proto(self) -> purpose_pb2.DisclosurePurpose.ValueType:
        """Return the proto's value."""
        return purpose_pb2.DisclosurePurpose.Value(f"DISCLOSURE_PURPOSE_{self.name}")


class ContactPurpose(StrEnum):
    """What a student names somebody for."""

    CONFIRM_USE = "confirm-use"
    TRUSTED_CONTACT = "trusted-contact"

    def to_proto(self) -> purpose_pb2.DisclosurePurpose.ValueType:
        """Return the proto's value."""
        return purpose_pb2.DisclosurePurpose.Value(f"DISCLOSURE_PURPOSE_{self.name}")


Why = Annotated[Purpose, typer.Option("--purpose", help="Why; the student will see it.")]


def new_request_id() -> str:
    """Return a name for one attempt, so that a repeated call does it once."""
    return str(uuid.uuid4())


def write_private(path: Path, content: bytes) -> None:
    """Write *content* to a new file that only its owner can read; never over an existing one."""
    try:
        # For its owner only from the first moment on, whatever the umask says.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        refuse_existing(path)
    typer.echo(f"Written to {path} ({len(content)} bytes).")


def refuse_existing(path: Path) -> None:
    """End the command if there is a file: nothing of ours is written over another."""
    if path.exists():
        typer.echo(f"{path} exists already; choose another name with --out.", err=True)
        raise typer.Exit(1)
