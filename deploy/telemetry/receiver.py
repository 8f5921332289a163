"""
The way in for spans: OTLP over HTTP and TLS, and the allow-list once more.

Our own processes send nothing but declared attributes (`common.telemetry`). The gateway's server
is not ours: its spans carry the caller's address and program, which stop here.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from common.config import Config
from common.telemetry import Declared, declared, declared_name
from deploy.telemetry.config import CollectorSettings
from deploy.telemetry.spans import Span
from deploy.telemetry.store import SpanStore

log = structlog.get_logger(__name__)

MAX_BODY = 8 * 1024 * 1024
"""Bytes of one batch; our processes send at most 256 spans, about 200 KiB."""

PROTOBUF = "application/x-protobuf"

GATEWAY_NAMES = {
    "async envoy.service.auth.v3.Authorization.Check egress": "-> identity.Check",
}
"""Names that Envoy gives by itself, in our words."""


def read_batch(body: bytes) -> list[Span]:
    """
    Read an OTLP request, keeping names, ids, times, status codes and declared attributes.

    Raises:
        DecodeError: The body is not an OTLP request.
    """
    return list(_spans(ExportTraceServiceRequest.FromString(body)))


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        process = _process(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(process, span)


def _span(process: str, span: trace_pb2.Span) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        process=process,
        name=declared_name(GATEWAY_NAMES.get(span.name, span.name)),
        kind=int(span.kind),
        started=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        status=int(span.status.code),
        attributes=_attributes(span.attributes),
        links=tuple(link.trace_id.hex() for link in span.links),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Declared]:
    return {
        pair.key: kept for pair in pairs if (kept := declared(pair.key, _plain(pair))) is not None
    }


def _plain(pair: KeyValue) -> object:
    kind = pair.value.WhichOneof("value")
    return None if kind is None else getattr(pair.value, kind)


def _process(pairs: Iterable[KeyValue]) -> str:
    for pair in pairs:
        if pair.key == "service.name":
            return declared_name(pair.value.string_value)
    return "unnamed"


class Collector(ThreadingHTTPServer):
    """Takes batches of spans at `/v1/traces`; says that it is well at `/healthz`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, config: Config[CollectorSettings], store: SpanStore) -> None:
        self.store = store
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.load_cert_chain(config.settings.certificate_file, config.settings.key_file)
        host, _, port = config.listen.rpartition(":")
        super().__init__((host, int(port)), _Handler)

    def get_request(self) -> tuple[socket, Any]:
        """Accept only; the handshake comes in the caller's own thread and holds up nobody else."""
        plain, address = super().get_request()
        plain.settimeout(30)
        secure = self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        return secure, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over broken connections, without the address and the stack on stderr."""
        log.info("telemetry_connection_broken")


class _Handler(BaseHTTPRequestHandler):
    server: Collector
    protocol_version = "HTTP/1.1"
    server_version = "sas-telemetry"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/healthz" else 404)

    def do_POST(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True  # what is left of the body stays unread
            self._answer(413)
            return
        if self.path != "/v1/traces":
            self._answer(404)
        elif self.headers.get_content_type() != PROTOBUF or "content-encoding" in self.headers:
            self._answer(415)
        else:
            self._answer(self._keep(body))

    def _body(self) -> bytes:
        """Read the body, with its length said before it or in chunks (as the gateway sends it)."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(_allowed(int(self.headers.get("content-length", "0"))))
        body = b""
        while length := int(self.rfile.readline(20).partition(b";")[0], 16):
            body += self.rfile.read(_allowed(length, len(body)))
            self.rfile.readline(3)
        self.rfile.readline(3)
        return body

    def _keep(self, body: bytes) -> int:
        try:
            self.server.store.add(read_batch(body))
        except DecodeError:
            return 400
        return 200

    def _answer(self, status: int) -> None:
        body = ExportTraceServiceResponse().SerializeToString()
        self.send_response(status)
        self.send_header("content-type", PROTOBUF)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a line for each batch says nothing to anybody."""


def _allowed(length: int, before: int = 0) -> int:
    if not 0 <= length <= MAX_BODY - before:
        raise ValueError("the batch is too large")
    return length
