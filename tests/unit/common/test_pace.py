"""Answers that leave at a beat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import TooManyCalls
from common.pace import Pace


class Time:
    """A clock that goes when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def work(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@given(st.floats(0, 0.24), st.floats(0, 0.24))
def test_whatever_there_was_to_do_the_answer_leaves_at_the_same_time(
    one: float, other: float
) -> None:
    assert taken(one) == taken(other) == pytest.approx(0.25)


def test_work_that_overruns_its_beat_waits_for_the_next() -> None:
    assert taken(0.26) == taken(0.49) == pytest.approx(0.5)


def test_what_fails_leaves_at_the_beat_too() -> None:
    time = Time()

    def fails() -> None:
        with Pace(0.25, 1, lambda: time.now, time.work).kept():
            time.work(0.1)
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert time.now == pytest.approx(1000.25)


def test_those_who_wait_are_never_more_than_there_are_places() -> None:
    """Or whoever guesses would use up the threads that everybody is answered by."""
    pace = Pace(0.01, at_most=2)
    with pace.kept(), pace.kept(), pytest.raises(TooManyCalls), pace.kept():
        raise AssertionError("there was a place")
    with pace.kept():
        pass


def taken(seconds: float) -> float:
    """Say how long a block lasts in which this much is done."""
    time = Time()
    with Pace(0.25, 1, lambda: time.now, time.work).kept():
        time.work(seconds)
    return round(time.now - 1000.0, 9)
