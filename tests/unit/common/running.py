"""A server for tests of calls, with real gRPC, TLS and protos, and ways to call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import grpc
import pytest
from google.protobuf.message import Message
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import errors, telemetry
from common.caller import Caller, optional_caller
from common.config import Config, NoSettings, load
from common.rpc.client import Peer
from common.rpc.server import Server
from tests.kit.vault_alone import VaultAlone

NOTE = "notes/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa01"
CASE = "cases/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa02"
RECORD = "records/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa03"
REQUEST_ID = "8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa04"
WORDS = "Jane Doe has not slept"

OPEN_RECORD = records_pb2.OpenRecordRequest(
    record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
)


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

    def as_peer(self, process: str, called: str = "cases") -> Peer:
        """Call it as the service of *process*, in the way services do, taking it for *called*."""
        config = configured(self.folder, process, self.vault, self.server.port, called)
        return Peer(config, self.vault, called)


def configured(
    folder: Path, process: str, vault: VaultAlone, port: int, called: str = "cases"
) -> Config[NoSettings]:
    """Give the configuration of *process*, to which the server at *port* is its peer *called*."""
    file = folder / f"{process}.toml"
    file.write_text(
        f'process = "{process}"\nlisten = "127.0.0.1:{0 if process == "cases-serve" else port}"\n'
        f'development = true\n[trust]\nca_file = "{vault.ca_file}"\ndomain = "sas"\n'
        f'[peers]\n{called} = "127.0.0.1:{port}"\n'
    )
    return load(file, NoSettings)


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


LONG_ENOUGH = 30
"""In seconds: what these tests are about is not how soon an answer comes."""


class Raw:
    """Calls the server as a process with a certificate, with whatever metadata the test wants."""

    def __init__(self, running: Running, *services: str) -> None:
        service, *also = services
        made = running.vault.issue_certificate(
            service, domain="sas", names=["localhost"], also=also
        )
        credentials = grpc.ssl_channel_credentials(
            running.vault.ca_file.read_bytes(), made.key_pem, made.chain_pem
        )
        self.channel = grpc.secure_channel(f"localhost:{running.server.port}", credentials)
        self._vault = running.vault

    def get_note(self, token: str | None = "", name: str = NOTE, **more: str) -> Message:
        """Ask for a case note, as an adviser if the test does not say who (None: nobody)."""
        request = case_notes_pb2.GetCaseNoteRequest(name=name, purpose=PURPOSE_ADVICE)
        stub = case_notes_pb2_grpc.CaseNotesServiceStub(self.channel)
        return stub.GetCaseNote(request, metadata=self._metadata(token, more), timeout=LONG_ENOUGH)

    def write_note(self, token: str | None = "", **fields: str) -> Message:
        """Write a case note."""
        said = {"parent": CASE, "request_id": REQUEST_ID} | fields
        stub = case_notes_pb2_grpc.CaseNotesServiceStub(self.channel)
        request = case_notes_pb2.WriteCaseNoteRequest(**said)
        return stub.WriteCaseNote(request, metadata=self._metadata(token, {}), timeout=LONG_ENOUGH)

    def _metadata(self, token: str | None, more: dict[str, str]) -> tuple[tuple[str, str], ...]:
        said = {} if token is None else {"x-sas-caller": token or self._vault.token()}
        return tuple((said | more).items())


def refusal(call: Callable[[], object]) -> errors.ServiceError:
    """Give the error that *call* ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return errors.from_rpc_error(caught.value)


def everything_on_the_wire(failure: Any) -> str:
    """Give all that came back from a failed call, as text."""
    return repr((failure.code(), failure.details(), failure.trailing_metadata()))


class Spans:
    """The spans that were recorded in the test."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def named(self, name: str) -> Any:
        """Give the one span called *name*; nothing is recorded after this."""
        telemetry.stop()
        (found,) = [each for each in self._exporter.get_finished_spans() if each.name == name]
        return found


Lines = Callable[[], list[dict[str, Any]]]
