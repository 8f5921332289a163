"""One running stack for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.reports.house import House, house


@pytest.fixture(scope="session")
def sas() -> Iterator[House]:
    """Run the servers, once for these tests."""
    with house() as running:
        yield running
