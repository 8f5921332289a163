"""A server of its own for each test of calls, and what it records and logs."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common import logs, telemetry
from tests.kit.vault_alone import VaultAlone
from tests.unit.common.running import (
    Lines,
    Raw,
    Running,
    Spans,
    serving,
)


@pytest.fixture
def vault(tmp_path: Path) -> VaultAlone:
    return VaultAlone(tmp_path)


@pytest.fixture
def running(vault: VaultAlone, tmp_path: Path) -> Iterator[Running]:
    with serving(vault, tmp_path) as running:
        yield running


@pytest.fixture
def gateway(running: Running) -> Iterator[Raw]:
    raw = Raw(running, "gateway")
    yield raw
    raw.channel.close()


@pytest.fixture
def spans() -> Iterator[Spans]:
    exporter = InMemorySpanExporter()
    telemetry.start_with("test", exporter)
    yield Spans(exporter)
    telemetry.stop()


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Log as a process does, and give what was logged since the last time, line by line."""
    handlers, hooks = logging.getLogger().handlers[:], (sys.excepthook, threading.excepthook)
    logs.start("cases-serve")

    def read() -> list[dict[str, Any]]:
        written = capfd.readouterr().err
        assert "Jane" not in written
        return [json.loads(line) for line in written.splitlines()]

    yield read
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()
