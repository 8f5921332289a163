"""The loader is patient with a busy gateway, and only with that."""

from __future__ import annotations

import pytest

from common.errors import NotAvailable, ServiceError, TooManyCalls, TryAgain
from deploy.seeds import load


class Busy:
    """Answers after some refusals."""

    def __init__(self, *refusals: ServiceError) -> None:
        self.refusals = list(refusals)
        self.calls = 0

    def __call__(self, request: str) -> str:
        """Refuse, or answer."""
        self.calls += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return f"done: {request}"


def test_a_busy_gateway_is_asked_again() -> None:
    busy = Busy(TooManyCalls(), TryAgain())

    assert load.patiently(busy, "this") == "done: this"
    assert busy.calls == 3


def test_a_refusal_is_a_refusal() -> None:
    busy = Busy(NotAvailable())

    with pytest.raises(NotAvailable):
        load.patiently(busy, "this")
    assert busy.calls == 1


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "FIRST_WAIT_SECONDS", 0.001)
    busy = Busy(*[TryAgain()] * 100)

    with pytest.raises(TryAgain):
        load.patiently(busy, "this")
    assert busy.calls == load.TRIES
