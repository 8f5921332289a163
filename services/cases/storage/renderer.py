"""The renderer, run as a process of its own for each job: what it reads may be hostile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import structlog

from common.errors import InvalidFields
from services.cases.domain.rendering.job import CannotRender, Job, Trouble, read_answer

log = structlog.get_logger(__name__)

_PROGRAM = "services.cases.domain.rendering"
_ROOT = Path(__file__).resolve().parents[3]
_SECONDS = 25.0
"""By the clock; a little more than the processor time that it gives itself."""

_SAID = {
    Trouble.ENCRYPTED: "item {item} is protected by a password: attach it again without one",
    Trouble.BROKEN: "item {item} can't be read as what it says it is: attach it again, repaired",
    Trouble.TOO_MUCH: "item {item} is too much to render: attach fewer or smaller pages",
    Trouble.NOTHING_TO_HIDE: "mark {mark} of item {item} is nowhere in it, so nothing would be"
    " hidden: look at its spelling, or mark the page",
}


def render(job: Job) -> bytes:
    """
    Make the file that leaves; or none at all.

    Raises:
        InvalidFields: naming the item and the mark that stand in the way, and what to do next.
    """
    try:
        return _run(job)
    except CannotRender as error:
        log.info("not_rendered", because=str(error.trouble))
        said = _SAID[error.trouble].format(item=error.item + 1, mark=error.mark + 1)
        raise InvalidFields({"items": said}) from None


def _run(job: Job) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", _PROGRAM],
            input=job.to_bytes(),
            cwd=_ROOT,
            env={},
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        return read_answer(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        # It was stopped, or fell over: what made it do so is not worth more of our time.
        raise CannotRender(Trouble.TOO_MUCH) from None
