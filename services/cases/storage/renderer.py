"""The renderer, run as a process of its own for each job: what it reads may be hostile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from common.errors import InvalidFields, ServiceError, TryAgain
from services.cases.domain.rendering.job import CannotRender, Job, Trouble, read_answer

log = structlog.get_logger(__name__)

_PROGRAM = "services.cases.domain.rendering"
_ROOT = Path(__file__).resolve().parents[3]
_SECONDS = 25.0
"""By the clock; a little more than the processor time that it gives itself."""
_STOPPED = {-signal.SIGXCPU, -signal.SIGKILL}
"""What the return code is when the kernel stopped it, for its time or the machine's memory."""
_PATIENCE_SECONDS = 5.0
"""How long a job waits for its turn; most take less than one."""

_SAID = {
    Trouble.ENCRYPTED: "item {item} is protected by a password: attach it again without one",
    Trouble.BROKEN: "item {item} can't be read as what it says it is: attach it again, repaired",
    Trouble.TOO_MUCH: "item {item} is too much to render: attach fewer or smaller pages",
    Trouble.TOO_LONG: "these items take too long to render: attach fewer or smaller pages",
    Trouble.FELL_OVER: "the renderer fell over at one of these items: try them one by one, and"
    " attach the one again in another form, such as a scan",
    Trouble.NOTHING_TO_HIDE: "mark {mark} of item {item} is nowhere in it, so nothing would be"
    " hidden: look at its spelling, or mark the page",
}


class RendererBusy(TryAgain):
    """As many files are being rendered as this machine is meant to bear."""

    def __init__(self) -> None:
        ServiceError.__init__(
            self, "Other files are being prepared at the moment. Try again in a minute."
        )


class Renderer:
    """Makes files that leave, only so many at once: each may take a processor and much memory."""

    def __init__(self, at_once: int, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._patience_seconds = patience_seconds

    def render(self, job: Job) -> bytes:
        """
        Make the file that leaves; or none at all.

        Raises:
            InvalidFields: naming the item and the mark that stand in the way, and what to do next.
            RendererBusy: too many others are being rendered.
        """
        try:
            with self._place():
                return _run(job)
        except CannotRender as error:
            log.info("not_rendered", because=str(error.trouble))
            said = _SAID[error.trouble].format(item=error.item + 1, mark=error.mark + 1)
            raise InvalidFields({"items": said}) from None

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._patience_seconds):
            log.warning("renderer_busy")
            raise RendererBusy
        try:
            yield
        finally:
            self._places.release()


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
    except subprocess.TimeoutExpired:
        raise CannotRender(Trouble.TOO_LONG) from None
    if done.returncode in _STOPPED:
        raise CannotRender(Trouble.TOO_LONG)
    try:
        return read_answer(done.stdout)
    except json.JSONDecodeError:
        # What it wrote to stderr may quote the file, so only the code is told.
        log.error("renderer_fell_over", returncode=done.returncode)
        raise CannotRender(Trouble.FELL_OVER) from None
