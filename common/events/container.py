"""
The one file that knows nameko: relay, consumer and timers as entrypoints of a service container.

Nameko gives the pool of workers, the timers and the order of starting and stopping. Its own event
handler is not used: it acknowledges (loses) what a handler fails on, dies with the broker, and logs
bodies. Our methods never raise, so that nameko has no exception to log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from nameko.constants import MAX_WORKERS_CONFIG_KEY
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from nameko.runners import ServiceRunner
from nameko.timer import Timer as NamekoTimer

from common.events.consumer import Answer, Consumer
from common.events.pause import LONGEST_SECONDS
from common.events.receiver import Delivery, Receiver
from common.events.relay import Relay

MAX_WORKERS = 5
"""Events and timers in hand at once. Each may hold a database connection; the pool has 8."""


class _Relaying(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """Runs the relay; the decorated method is never called."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        super().__init__()

    def start(self) -> None:
        self._thread = self.container.spawn_managed_thread(self.relay.run, identifier="relay")

    def stop(self) -> None:
        self.relay.stop()
        self._thread.wait()


class _Consuming(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """Runs the consumer, and calls the decorated method in a worker for each delivery."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        super().__init__()

    def start(self) -> None:
        self._thread = self.container.spawn_managed_thread(
            lambda: self.consumer.run(self._hand_over), identifier="consumer"
        )

    def stop(self) -> None:
        self.consumer.stop()
        self._thread.wait()

    def _hand_over(self, receiver: Receiver, delivery: Delivery, answer: Answer) -> None:
        # In a thread of its own, because `spawn_worker` waits while all workers are busy.
        self.container.spawn_managed_thread(
            lambda: self._spawn(receiver, delivery, answer), identifier="event"
        )

    def _spawn(self, receiver: Receiver, delivery: Delivery, answer: Answer) -> None:
        def handled(_worker: object, done: bool | None, exc_info: Any) -> tuple[Any, Any]:
            if exc_info is not None:  # a mistake of ours in `Receiver`: not again at once
                time.sleep(LONGEST_SECONDS)
            answer(done is True)
            return done, exc_info

        try:
            self.container.spawn_worker(self, (receiver, delivery), {}, handle_result=handled)
        except ContainerBeingKilled:
            answer(False)


def make_runner(
    service: str,
    relay: Relay,
    consumer: Consumer | None,
    timers: Sequence[tuple[float, Callable[[], None]]],
) -> ServiceRunner:
    """Make the container of one service's worker; *timers*: every so many seconds, what to do."""
    members: dict[str, Any] = {"name": f"{service}-work"}

    def relaying(_self: object) -> None:
        raise NotImplementedError

    members["relaying"] = _Relaying.decorator(relay)(relaying)

    if consumer is not None:

        def receive(_self: object, receiver: Receiver, delivery: Delivery) -> bool:
            return receiver.receive(delivery)

        members["receive"] = _Consuming.decorator(consumer)(receive)

    for number, (seconds, do) in enumerate(timers):
        members[f"timer_{number}"] = NamekoTimer.decorator(seconds)(_method(do))

    runner = ServiceRunner({MAX_WORKERS_CONFIG_KEY: MAX_WORKERS})
    runner.add_service(type("Worker", (), members))
    return runner


def _method(do: Callable[[], None]) -> Callable[[object], None]:
    """Give *do* the `self` that nameko passes, which holds nothing of ours."""

    def method(_self: object) -> None:
        do()

    return method
