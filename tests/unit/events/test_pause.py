"""Which failures are a server's and not the event's, and how long to wait for it."""

from __future__ import annotations

import time

import pytest
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.errors import TryAgain, WrongState
from common.events.pause import Pause, server_is_away
from common.vault import KeyGone, VaultDenied, VaultUnavailable

CAUSE = Exception("of the driver")


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", None, CAUSE),
        InterfaceError("", None, CAUSE),
        PoolTimeout(),
        TryAgain(),
        VaultUnavailable(),
    ],
)
def test_a_server_that_is_away_is_no_try(error: Exception) -> None:
    assert server_is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("", None, CAUSE),
        ProgrammingError("", None, CAUSE),
        WrongState("No."),
        KeyGone(),
        VaultDenied(),
        ValueError(),
    ],
)
def test_everything_else_counts(error: Exception) -> None:
    assert not server_is_away(error)


def test_a_pause_ends_early_when_we_are_told_to_stop() -> None:
    started = time.monotonic()
    Pause().rest(lambda: True)
    assert time.monotonic() - started < 0.3
