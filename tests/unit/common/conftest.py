"""A server of its own for each test: real gRPC, real mutual TLS, real protos, no stack."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import structlog
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import logs
from common.caller import Caller, optional_caller
from common.config import Config, NoSettings, load
from common.rpc.client import Peer
from common.rpc.server import Server
from tests.kit.vault_alone import VaultAlone


@pytest.fixture
def vault(tmp_path: Path) -> VaultAlone:
    return VaultAlone(tmp_path)


Lines = Callable[[], list[dict[str, Any]]]


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


@attrs.define
class Handlers(
    case_notes_pb2_grpc.CaseNotesServiceServicer,
    records_pb2_grpc.RecordsServiceServicer,
    sessions_pb2_grpc.SessionsServiceServicer,
):  # mypy sees the RPCs left out as abstract; gRPC answers those with UNIMPLEMENTED
    """Answers a few RPCs and keeps who called; `do` is what else happens in the handler."""

    do: Callable[[], object] = lambda: None
    callers: list[Caller | None] = attrs.field(factory=list)

    def _seen(self) -> None:
        self.callers.append(optional_caller())
        self.do()

    def GetCaseNote(self, request: Any, context: Any) -> case_notes_pb2.CaseNote:
        """Answer, and keep who called."""
        self._seen()
        return case_notes_pb2.CaseNote(name=request.name)

    def WriteCaseNote(self, request: Any, context: Any) -> case_notes_pb2.CaseNoteSummary:
        """Answer, and keep who called."""
        self._seen()
        return case_notes_pb2.CaseNoteSummary(case=request.parent)

    def OpenRecord(self, request: Any, context: Any) -> records_pb2.OpenRecordResponse:
        """Answer, and keep who called."""
        self._seen()
        return records_pb2.OpenRecordResponse(ledger_index=7)

    def StartSignIn(self, request: Any, context: Any) -> sessions_pb2.StartSignInResponse:
        """Answer, and keep who called."""
        self._seen()
        return sessions_pb2.StartSignInResponse(state="s")


SERVICERS = (
    case_notes_pb2_grpc.add_CaseNotesServiceServicer_to_server,
    records_pb2_grpc.add_RecordsServiceServicer_to_server,
    sessions_pb2_grpc.add_SessionsServiceServicer_to_server,
)


@attrs.frozen
class Running:
    """A running server, and ways to call it as somebody."""

    server: Server
    handlers: Handlers
    vault: VaultAlone
    folder: Path
    is_ready: list[bool]

    def config(self, process: str) -> Config[NoSettings]:
        """Give the configuration of *process*."""
        return configured(self.folder, process, self.vault, self.server.port)

    def as_peer(self, process: str) -> Peer:
        """Call it as the service of *process*, in the way services do."""
        return Peer(self.config(process), self.vault, "cases")


def configured(folder: Path, process: str, vault: VaultAlone, port: int) -> Config[NoSettings]:
    """Give the configuration of *process*, to which the server at *port* is its peer `cases`."""
    file = folder / f"{process}.toml"
    file.write_text(
        f'process = "{process}"\nlisten = "127.0.0.1:{0 if process == "cases-serve" else port}"\n'
        f'development = true\n[trust]\nca_file = "{vault.ca_file}"\ndomain = "sas"\n'
        f'[peers]\ncases = "127.0.0.1:{port}"\n'
    )
    return load(file, NoSettings)


@pytest.fixture
def running(vault: VaultAlone, tmp_path: Path) -> Iterator[Running]:
    with serving(vault, tmp_path) as running:
        yield running


@contextmanager
def serving(vault: VaultAlone, tmp_path: Path) -> Iterator[Running]:
    """Run a server."""
    handlers, is_ready = Handlers(), [True]  # type: ignore[abstract]  # see Handlers
    server = Server(
        configured(tmp_path, "cases-serve", vault, 0),
        vault,
        [(add, handlers) for add in SERVICERS],
        ready=lambda: is_ready[0],
    )
    server.start()
    yield Running(server, handlers, vault, tmp_path, is_ready)
    server.stop(lame_duck=0, grace=0)
