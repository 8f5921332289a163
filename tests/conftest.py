"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.full_stack import FullStack, full_stack

pytest_plugins = ["tests.kit.servers.plugin"]


@pytest.fixture(scope="session")
def stack() -> Iterator[FullStack]:
    """Give the one whole stack of this run. Whoever disturbs it leaves it well again."""
    with full_stack() as stack:
        yield stack
