"""
Run one of a service's operator commands: `python -m deploy.command PROCESS COMMAND [ARGUMENT ...]`.

    python -m deploy.command identity-serve appoint < first-manager.json
    python -m deploy.command cases-work events parked

A process's Vault login is used once, at its start. So a command gets a login of its own, through
the launcher, and the same rights as the process it is named after.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.state import State, write_private
from deploy.vault import launch

_LOGIN = re.compile(r"^wrapped_secret_id_file\s*=.*$", re.MULTILINE)


def main() -> int:
    """Carry out the command line."""
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    state = State.from_environment()
    return run(state, sys.argv[1], sys.argv[2:]).returncode


def run(
    state: State,
    process: str,
    arguments: Sequence[str],
    *,
    words: str | None = None,
    capture: bool = False,
) -> subprocess.CompletedProcess[str]:
    """
    Run a command of *process* (such as `identity-serve`) with a Vault login of its own.

    *words* go to its standard input; without, it reads ours.
    """
    service = process.partition("-")[0]
    with settings(state, process) as config:
        return subprocess.run(
            [sys.executable, "-m", f"services.{service}", *arguments, "--config", str(config)],
            input=words,
            text=True,
            capture_output=capture,
            check=False,
        )


@contextmanager
def settings(state: State, process: str) -> Iterator[Path]:
    """Give a copy of the settings of *process* with a fresh login, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="sas-") as folder:
        login, config = Path(folder) / "login", Path(folder) / f"{process}.toml"
        write_private(login, launch.wrapped_secret_id(state, process))
        original = (state / "etc" / f"{process}.toml").read_text()
        line = f'wrapped_secret_id_file = "{login}"'
        write_private(config, _LOGIN.sub(lambda _: line, original))
        yield config


if __name__ == "__main__":
    sys.exit(main())
