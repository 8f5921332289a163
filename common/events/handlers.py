"""
What a service's `worker.py` is made of: plain functions, and timers.

Nothing here knows how an event travels, so a handler can be called from a test with a real
transaction and nothing else.

    @handles(CaseFactsRecorded)
    def on_case_facts(deps: Deps, event: CaseFactsRecorded) -> None:
        keep_facts(Facts(deps.connection), event.record, ...)

    HANDLERS = [on_case_facts]
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs
from google.protobuf.message import Message
from sqlalchemy import Connection

if TYPE_CHECKING:
    from common.config import Config
    from common.vault import Vault

E = TypeVar("E", bound=Message)


@attrs.frozen
class Deps:
    """
    What a handler or a timer works with.

    The transaction of `connection` is the worker's: it holds the inbox row already, and it is
    committed when the function returns and undone when the function raises. So an effect and
    the mark that it has happened are one, and a function here never commits.
    """

    config: Config[Any]
    vault: Vault
    connection: Connection
    begin: Callable[[], AbstractContextManager[Connection]]
    """
    Begins another transaction, committed at the end of its block. For a timer that does one thing
    after the other, none of which can be undone.
    """


@attrs.frozen
class Handler(Generic[E]):
    """A plain function, and the event that it handles."""

    event: type[E]
    function: Callable[[Deps, E], None]


@attrs.frozen
class Timer:
    """
    Something the worker does every so many *seconds*, in a transaction of its own.

    A failure is logged and the next turn comes as planned; so the function must leave
    everything to be done again when it raises.
    """

    name: str
    seconds: float
    function: Callable[[Deps], None]


def handles(event: type[E]) -> Callable[[Callable[[Deps, E], None]], Handler[E]]:
    """Make a plain function the handler of *event*."""

    def make(function: Callable[[Deps, E], None]) -> Handler[E]:
        return Handler(event, function)

    return make


def every(seconds: float) -> Callable[[Callable[[Deps], None]], Timer]:
    """Make a plain function a timer, named as the function is."""

    def make(function: Callable[[Deps], None]) -> Timer:
        return Timer(function.__name__, seconds, function)

    return make
