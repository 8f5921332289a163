"""The way in: HTTPS, one call, and small limits, since anybody may ask."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from witness.config import Config
from witness.judgement import TEXT, Answer, Witness

LARGEST_BODY = 128 * 1024
"""Bytes: 63 hashes, and 16 signatures of the largest kind that C2SP knows."""
MOST_CONNECTIONS = 64
PATIENCE = 10.0
"""Seconds that a connection may be silent."""


class Server(ThreadingHTTPServer):
    """Takes checkpoints at `/add-checkpoint`; says that it is well at `/healthz`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, config: Config, witness: Witness) -> None:
        self.witness = witness
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.load_cert_chain(config.certificate_file, config.key_file)
        super().__init__(config.address, _Handler)

    def get_request(self) -> tuple[socket, Any]:
        """Accept only; the handshake comes in the caller's own thread and holds up nobody else."""
        plain, address = super().get_request()
        plain.settimeout(PATIENCE)
        secure = self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        return secure, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or close when too many ask at once."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say that something broke, without an address or a stack."""
        error = sys.exc_info()[0]
        say("connection_broken", error=error.__name__ if error else "")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"  # so that connections are kept, as C2SP asks
    server_version = "tlog-witness"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._answer(Answer(HTTPStatus.OK, "well\n"))
        elif self.path == "/add-checkpoint":
            self._answer(Answer(HTTPStatus.METHOD_NOT_ALLOWED, "only POST\n"))
        else:
            self._answer(Answer(HTTPStatus.NOT_FOUND, "nothing here\n"))

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True  # what is left of the body stays unread
            said = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length else HTTPStatus.LENGTH_REQUIRED
            self._answer(Answer(said, "say the length, at most 128 KiB\n"))
            return
        body = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            self._answer(Answer(HTTPStatus.NOT_FOUND, "nothing here\n"))
            return
        answer = self.server.witness.add_checkpoint(body)
        # An origin that we know is a setting of ours; anything else stays out of the log.
        say("checkpoint_judged", status=int(answer.status), log=answer.origin)
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("content-type", answer.kind or TEXT)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the library would write the caller's address."""


def say(event: str, **values: object) -> None:
    """Write one line to our own log."""
    print(json.dumps({"event": event, **values}), file=sys.stderr, flush=True)  # noqa: T201
