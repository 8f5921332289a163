"""
Serving a service: gRPC over mutual TLS, healthy when ready, and leaving without losing a call.

Shared because all services are served alike. Threads and synchronous calls, not asyncio: measured
here, the latter costs 40 to 60 per cent more CPU for each request.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import grpc
import structlog
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from common.caller import CallerTokens
from common.config import Config
from common.rpc.certificates import IssuesCertificates, OwnCertificate
from common.rpc.interceptors import Interceptor, steps
from common.rpc.rules import access_of
from common.rpc.validation import warm
from common.signed_tokens import PublicKeys

log = structlog.get_logger(__name__)

THREADS = 16
CONCURRENT_CALLS = 64
"""Beyond these, calls are turned away at once with RESOURCE_EXHAUSTED."""
LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes. Documents are at most 5 MiB, and JSON's base64 is undone at the gateway."""
LAME_DUCK_SECONDS = 3.0
"""Longer than the gateway's 2 s between looks at our health."""
GRACE_SECONDS = 10.0
READY_EVERY_SECONDS = 2.0

OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.so_reuseport", 0),  # two processes on one port get very uneven loads
    # The gateway pings every 30 s; gRPC's own limit of five minutes would hang up on it.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Connections end now and then, so that peers come back with their new certificates.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
)

Servicer = tuple[Callable[[Any, grpc.Server], None], Any]
"""The generated `add_XServicer_to_server`, and the servicer."""


class ServersVault(IssuesCertificates, PublicKeys, Protocol):
    """What a server needs of Vault."""


class Server:
    """A service's server, from start to stop."""

    def __init__(
        self,
        config: Config[Any],
        vault: ServersVault,
        servicers: Sequence[Servicer],
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        Prepare the server; it answers after `start`.

        Args:
            config: where to listen, and whom to trust.
            vault: who issues our certificate and knows the keys of caller tokens.
            servicers: what to serve.
            ready: whether calls can be answered now; asked every 2 s, and decides our health.
        """
        self._ready = ready
        self._leaving = threading.Event()
        self._certificate = OwnCertificate(config, vault)
        domain = config.trust.domain
        around = steps(config.service, domain, CallerTokens(vault))
        self._server = grpc.server(
            ThreadPoolExecutor(THREADS, thread_name_prefix="rpc"),
            interceptors=[Interceptor(around, domain)],
            options=OPTIONS,
            maximum_concurrent_rpcs=CONCURRENT_CALLS,
        )
        names = _service_names(servicers)
        _prepare(names)
        for add, servicer in servicers:
            add(servicer, self._server)
        # Its own small pool: a peer that watches our health must not use up the calls' threads.
        self._health = health.HealthServicer(
            experimental_non_blocking=True,
            experimental_thread_pool=ThreadPoolExecutor(2, thread_name_prefix="health"),
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if config.development:
            own = (reflection.SERVICE_NAME, health.SERVICE_NAME)
            reflection.enable_server_reflection([*names, *own], self._server)
        self.port = self._server.add_secure_port(config.listen, self._credentials(config))
        """Where it listens, also when the configuration left the choice open (`:0`)."""

    def start(self) -> None:
        """Begin to answer; health says SERVING as soon as `ready` does."""
        self._look()
        self._server.start()
        threading.Thread(target=self._keep_looking, name="readiness", daemon=True).start()

    def stop(self, lame_duck: float = LAME_DUCK_SECONDS, grace: float = GRACE_SECONDS) -> None:
        """
        Leave without losing a call: say so, wait until nobody sends new ones, finish the rest.

        Args:
            lame_duck: seconds to go on answering after health says NOT_SERVING.
            grace: seconds for calls under way after that.
        """
        self._leaving.set()
        self._health.enter_graceful_shutdown()
        threading.Event().wait(lame_duck)
        self._server.stop(grace).wait()
        self._certificate.close()

    def _credentials(self, config: Config[Any]) -> grpc.ServerCredentials:
        roots = config.trust.ca_file.read_bytes()

        def now() -> grpc.ServerCertificateConfiguration:
            mine = self._certificate.current
            return grpc.ssl_server_certificate_configuration(
                [(mine.key_pem, mine.chain_pem)], root_certificates=roots
            )

        return grpc.dynamic_ssl_server_credentials(now(), now, require_client_authentication=True)

    def _look(self) -> None:
        try:
            ready = self._ready()
        except Exception as fault:
            log.error("readiness_failed", exc_info=fault)
            ready = False
        status = health_pb2.HealthCheckResponse
        # After enter_graceful_shutdown this changes nothing any more.
        self._health.set("", status.SERVING if ready else status.NOT_SERVING)

    def _keep_looking(self) -> None:
        while not self._leaving.wait(READY_EVERY_SECONDS):
            self._look()


def serve(
    config: Config[Any],
    vault: ServersVault,
    servicers: Sequence[Servicer],
    ready: Callable[[], bool] = lambda: True,
    lame_duck: float = LAME_DUCK_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT, then leave without losing a call. For the main thread only."""
    told_to_leave = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, frame: told_to_leave.set())
    server = Server(config, vault, servicers, ready)
    server.start()
    log.info("serving", process=config.process, port=server.port)
    told_to_leave.wait()
    log.info("leaving", process=config.process)
    server.stop(lame_duck)


def _service_names(servicers: Sequence[Servicer]) -> list[str]:
    """Give the full names of what is served."""
    names: list[str] = []

    class Recorder:
        """Takes the place of a server, to learn the names."""

        def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
            names.extend(each.service_name() for each in handlers)

        def add_registered_method_handlers(self, name: str, handlers: object) -> None:
            pass

    for add, servicer in servicers:
        add(servicer, Recorder())  # type: ignore[arg-type]  # all that `add` uses of a server
    return names


def _prepare(names: Sequence[str]) -> None:
    """Refuse to serve an RPC without terms of access, and compile the rules of all requests."""
    pool = descriptor_pool.Default()
    for method in (method for name in names for method in pool.FindServiceByName(name).methods):
        if access_of(f"/{method.containing_service.full_name}/{method.name}") is None:
            raise LookupError(f"{method.full_name} has no terms of access in its proto")
        warm(message_factory.GetMessageClass(method.input_type)())
