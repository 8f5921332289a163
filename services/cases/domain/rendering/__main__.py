"""
The renderer's own process: a job comes in by a pipe, a file or a reason goes out by another.

Files from outside are read here and nowhere else. The process starts without environment, keys or
connections, and the kernel keeps it to this much memory and time; it can write no file.
"""

from __future__ import annotations

import resource
import sys

from services.cases.domain.rendering.file import render
from services.cases.domain.rendering.job import CannotRender, Job, Trouble, answer, refusal

_MEMORY = 1024 * 1024 * 1024
SECONDS = 20


def main() -> None:
    """Render one job."""
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    job = Job.from_bytes(sys.stdin.buffer.read())
    try:
        said = answer(render(job))
    except CannotRender as error:
        said = refusal(error)
    except MemoryError:
        said = refusal(CannotRender(Trouble.TOO_MUCH))
    sys.stdout.buffer.write(said)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
