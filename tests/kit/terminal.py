"""The command `sas`, as somebody types it at a terminal of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs

from deploy.demo import people
from deploy.demo.people import Person
from deploy.state import CHECKOUT
from tests.kit.full_stack import FullStack


@attrs.frozen
class Said:
    """What a command did."""

    code: int
    out: str
    err: str


class Terminal:
    """Somebody at a terminal of their own."""

    def __init__(self, stack: FullStack, folder: Path, who: Person | None) -> None:
        session = folder / "session"
        if who is not None:
            session.touch(mode=0o600)
            session.write_text(who.token)
        self._environment = {
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "SAS_GATEWAY": people.address(stack.state),
            "SAS_CA_FILE": str(stack.state / "tls/ca.pem"),
            "SAS_SESSION_FILE": str(session),
        }

    def types(self, *arguments: str, words: str = "") -> Said:
        """Run `sas` with these arguments, and *words* on its standard input."""
        with self.begins(*arguments) as process:
            out, err = process.communicate(words, timeout=60)
        return Said(process.returncode, out, err)

    def begins(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `sas`, for somebody who looks at it meanwhile."""
        return subprocess.Popen(
            [sys.executable, "-m", "clients.staff.main", *arguments],
            cwd=CHECKOUT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
