"""
People at work while a server goes away: one reads, one writes, one opens cases, a tutor collects.

Whoever writes repeats a call with the same `requestId` until it is acknowledged, as clients do.
Every answer is kept, with the id of its trace, so that it can be counted against the ledger.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any

import attrs
import httpx

from tests.kit import deeds
from tests.kit.full_stack import FullStack

PAUSE_SECONDS = 0.15


@attrs.frozen
class Answer:
    """What came of one call."""

    deed: str
    began: float
    ended: float
    status: int
    """The HTTP status; 0 when the connection broke."""
    body: Any
    trace: str

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return self.status == httpx.codes.OK

    @property
    def reason(self) -> str:
        """Why it was refused, as the caller reads it."""
        return str(self.body["details"][0]["reason"])


@attrs.frozen
class Scene:
    """What the people work on."""

    case: str
    note: str
    link: str
    code: str


class Traffic:
    """Runs while the block does; what happened is in `answers` and `written`."""

    def __init__(self, stack: FullStack, scene: Scene, pause: float = PAUSE_SECONDS) -> None:
        self.answers: list[Answer] = []
        self.written: dict[str, str] = {}
        """The notes that were acknowledged: name and situation."""
        self.opened: list[str] = []
        """The cases that were acknowledged."""
        self._stack = stack
        self._scene = scene
        self._pause = pause
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=deed, name=deed.__name__, daemon=True)
            for deed in (self._read, self._write, self._open, self._collect)
        ]

    def __enter__(self) -> Traffic:
        for each in self._threads:
            each.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for each in self._threads:
            each.join(timeout=60)

    def of(self, *deed_names: str) -> list[Answer]:
        """Give the answers to some deeds."""
        return [each for each in self.answers if each.deed in deed_names]

    def good_since(self, moment: float) -> set[str]:
        """Give the deeds that worked in a call begun after *moment*."""
        return {each.deed for each in self.answers if each.good and each.began > moment}

    def _read(self) -> None:
        with self._stack.http(self._stack.adviser) as adviser:
            for _ in self._until_over():
                path = f"/v1/{self._scene.note}?purpose=PURPOSE_ADVICE"
                self._call("read", partial(adviser.get, path))

    def _collect(self) -> None:
        body = {"linkToken": self._scene.link, "code": self._scene.code}
        with self._stack.http() as tutor:
            # Never faster: the gateway would take a tutor in a hurry for somebody who guesses.
            for _ in self._until_over(PAUSE_SECONDS):
                self._call("collect", partial(tutor.post, "/v1/disclosures:collect", json=body))

    def _write(self) -> None:
        with self._stack.http(self._stack.adviser) as adviser:
            for number in self._until_over():
                body = {"situation": f"note {number}", "requestId": deeds.new_request_id()}
                path = f"/v1/{self._scene.case}/notes"
                done = self._until_done("write", partial(adviser.post, path, json=body))
                self.written[done["name"]] = body["situation"]

    def _open(self) -> None:
        with self._stack.http(self._stack.adviser) as adviser:
            for _ in self._until_over():
                body = {
                    "student": self._stack.student.name,
                    "topic": "housing",
                    "requestId": deeds.new_request_id(),
                }
                done = self._until_done("open", partial(adviser.post, "/v1/cases", json=body))
                self.opened.append(done["name"])

    def _until_over(self, pause: float | None = None) -> Iterator[int]:
        number = 0
        while not self._over.wait(self._pause if pause is None else pause):
            number += 1
            yield number

    def _until_done(self, deed: str, call: Callable[[], httpx.Response]) -> dict[str, Any]:
        """Repeat a call until it is acknowledged, also when the traffic is over meanwhile."""
        while not (answer := self._call(deed, call)).good:
            time.sleep(self._pause)
        body: dict[str, Any] = answer.body
        return body

    def _call(self, deed: str, call: Callable[[], httpx.Response]) -> Answer:
        began = time.monotonic()
        try:
            came = call()
            answer = Answer(
                deed,
                began,
                time.monotonic(),
                came.status_code,
                came.json(),
                came.headers.get("x-sas-trace", ""),
            )
        except httpx.TransportError as error:
            answer = Answer(deed, began, time.monotonic(), 0, type(error).__name__, "")
        self.answers.append(answer)
        return answer


@contextmanager
def at_work(stack: FullStack, scene: Scene, pause: float = PAUSE_SECONDS) -> Iterator[Traffic]:
    """Let people work for the time of the block, once everything has worked."""
    with Traffic(stack, scene, pause) as traffic:
        began = time.monotonic()
        while traffic.good_since(began) < {"read", "write", "open", "collect"}:
            assert time.monotonic() < began + 20, traffic.answers
            time.sleep(0.1)
        yield traffic
