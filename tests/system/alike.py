"""
Do answers tell what was asked about? Everything that comes back through the gateway, side by side.

An answer is its status, all its headers in their order (for gRPC also what trails it) and its body.
What is new in every answer whoever it is about (the date, the trace's id, a session's secret) is
compared by its form: length, letters or digits, punctuation.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import grpc
import httpx
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass

from deploy.demo.people import Person
from deploy.gateway.rpcs import Rpc
from tests.kit.full_stack import FullStack
from tests.system.calls import CALLS, Json, in_path, json_name, method_of, path

NEW_IN_EVERY_ANSWER = {"date", "x-sas-trace", "trace_id"}
"""Headers, and a field of errors."""
AT_ONCE = 6
CALLS_A_SECOND = {True: 15, False: 50}
"""Below what the gateway allows: one address for a call that anyone can make (True), a session."""

BUSY = {"503", "504", "UNAVAILABLE", "DEADLINE_EXCEEDED"}
"""What a machine in trouble says to everybody: asked again, and a difference if it stays so."""
TRIES = 3

Headers = tuple[tuple[str, str], ...]


@attrs.frozen
class Answer:
    """What came back, without what is new in every answer."""

    form: str
    """JSON or gRPC."""
    status: str
    headers: Headers
    trailers: Headers
    body: str


def form_of(value: str) -> str:
    """Give the form of something that is new in every answer."""
    # A time whose last digits happen to be noughts is written shorter.
    value = re.sub(r"(:\d\d)(\.\d+)?Z", r"\1Z", value)
    return re.sub(r"[A-Za-z0-9_-]", "x", value)


def without_what_is_new(headers: Iterable[tuple[str, str | bytes]], body: bytes = b"") -> Headers:
    """Give headers with the form of what is new, and the length as right or wrong."""
    found = []
    for key, given in headers:
        name, value = key.lower(), given if isinstance(given, str) else given.hex()
        if name in NEW_IN_EVERY_ANSWER:
            value = form_of(value)
        if name == "content-length":
            value = "right" if int(value) == len(body) else "wrong"
        found.append((name, value))
    return tuple(found)


def body_of(found: Any, new: Sequence[str]) -> str:
    """Give a body as text, with the form of the fields that are *new* in every answer."""

    def formed(value: Any) -> Any:
        if isinstance(value, list):
            return [formed(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            key: form_of(json.dumps(each)) if key in new else formed(each)
            for key, each in value.items()
        }

    return json.dumps(formed(found))


def json_answer(got: httpx.Response, new: Sequence[str] = ()) -> Answer:
    """Give an answer to JSON: the very bytes of its body, unless something in them is *new*."""
    headers = [(key.decode(), value.decode()) for key, value in got.headers.raw]
    text = got.text
    if (got.is_success and new) or "trace_id" in text:
        text = body_of(got.json(), (*new, *NEW_IN_EVERY_ANSWER))
    return Answer(
        form="JSON",
        status=str(got.status_code),
        headers=without_what_is_new(headers, got.content),
        trailers=(),
        body=text,
    )


@attrs.frozen
class Question:
    """A call that somebody outside can make, as JSON or as gRPC."""

    stack: FullStack
    rpc: Rpc
    who: Person | None = None
    new: Sequence[str] = ()
    """Fields of the answer that are new in each, whoever it is about."""

    @classmethod
    def named(
        cls, stack: FullStack, name: str, who: Person | None = None, new: Sequence[str] = ()
    ) -> Question:
        """Find a call by its name, as `cases.CollectDisclosure`."""
        return cls(stack, next(rpc for rpc in CALLS if rpc.name == name), who, new)

    def as_json(self, body: Json) -> Answer:
        """Ask as a browser does."""
        at_path = {json_name(each) for each in in_path(self.rpc)}
        rest = {key: value for key, value in body.items() if key not in at_path}
        sent: Json = {"params": rest} if self.rpc.http_method == "GET" else {"json": rest}
        with self.stack.http(self.who) as client:
            got = client.request(self.rpc.http_method, path(self.rpc, body), **sent)
        return json_answer(got, self.new)

    def as_grpc(self, body: Json) -> Answer:
        """Ask as a program does."""
        method = method_of(self.rpc)
        request = ParseDict(body, GetMessageClass(method.input_type)())
        reads = GetMessageClass(method.output_type)
        gateway = self.who.gateway if self.who else self.stack.anybody()
        call: Any = gateway.stub(
            lambda channel: channel.unary_unary(
                self.rpc.grpc_path, lambda message: message.SerializeToString(), lambda data: data
            )
        )
        try:
            data, ended = call.with_call(request, timeout=30)
            text = data.hex()
            if self.new:
                text = body_of(MessageToDict(reads.FromString(data)), self.new)
        except grpc.RpcError as refused:
            ended, text = refused, refused.details()
        finally:
            if self.who is None:
                gateway.close()
        return Answer(
            form="gRPC",
            status=ended.code().name,
            headers=without_what_is_new(ended.initial_metadata()),
            trailers=without_what_is_new(ended.trailing_metadata()),
            body=text,
        )


def compare(
    question: Question, body: Callable[[bool, int], Json], count: int
) -> dict[bool, Counter[Answer]]:
    """
    Ask *count* times about somebody known and as often about nobody, by chance which and when.

    Half of each is asked as JSON, half as gRPC.

    Args:
        question: the call.
        body: makes a request: about somebody known if True, and the how-many-eth.
        count: how often each.

    Returns:
        The answers about somebody known (True) and about nobody (False), with how often each came.
    """
    asked = [(known, number) for known in (True, False) for number in range(count)]
    random.SystemRandom().shuffle(asked)

    def ask(turn: tuple[int, tuple[bool, int]]) -> tuple[bool, Answer]:
        place, (known, number) = turn
        time.sleep(max(0.0, begun + place / CALLS_A_SECOND[question.rpc.anyone] - time.monotonic()))
        send = question.as_json if number % 2 else question.as_grpc
        answer = send(body(known, number))
        for _ in range(TRIES - 1):
            if answer.status not in BUSY:
                break
            time.sleep(1)
            answer = send(body(known, number))
        return known, answer

    found: dict[bool, Counter[Answer]] = {True: Counter(), False: Counter()}
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for known, answer in pool.map(ask, enumerate(asked)):
            found[known][answer] += 1
    return found


def told_apart(found: dict[bool, Counter[Answer]]) -> list[Answer]:
    """Give the answers that came about one kind only, or more often: none, if all is well."""
    return [
        each for each in {*found[True], *found[False]} if found[True][each] != found[False][each]
    ]
