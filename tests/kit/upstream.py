"""
A server behind the gateway that answers every RPC as it is told, to test the gateway alone.

It speaks mutual TLS like a service, is healthy, and notes what it was asked and with which headers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import TypeAlias

import attrs
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

Answer = Callable[[str, bytes, grpc.ServicerContext], bytes]
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"

WATCHING = "/grpc.health.v1."


@attrs.frozen
class Asked:
    """One call, as it came."""

    path: str
    body: bytes
    headers: dict[str, str]


class Upstream(grpc.GenericRpcHandler):
    """A service that answers with *answer*; what it was asked is in `asked`."""

    def __init__(self, ca_file: Path, certificate: Path, key: Path, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self.answer = answer
        self._server = grpc.server(
            futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 16 << 20)]
        )
        self.health = health.HealthServicer()
        self.health.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self._server.add_generic_rpc_handlers((self,))
        credentials = grpc.ssl_server_credentials(
            [(key.read_bytes(), certificate.read_bytes())], ca_file.read_bytes(), True
        )
        self.port = self._server.add_secure_port("127.0.0.1:0", credentials)
        self._server.start()

    def service(self, details: grpc.HandlerCallDetails) -> Handler | None:
        """Take any call but those about health."""
        path = details.method
        if path.startswith(WATCHING):
            return None
        headers = {name: str(value) for name, value in details.invocation_metadata}

        def answer(body: bytes, context: grpc.ServicerContext) -> bytes:
            self.asked.append(Asked(path, body, headers))
            return self.answer(path, body, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    def stop(self) -> None:
        """End at once."""
        self._server.stop(None).wait()
