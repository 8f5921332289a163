"""Ways to ask a process, in its own protocol, whether it is ready."""

from __future__ import annotations

import datetime as dt
import http.client
import smtplib
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from common.vault import Certificate
from deploy.state import State
from deploy.supervisor.process import NotReady

Probe = Callable[[State], None]
PATIENCE = 2.0
"""Seconds for one question."""
RENEW_BEFORE = dt.timedelta(minutes=10)


def https(server: str, path: str = "/healthz") -> Probe:
    """Return a probe for a web server that answers 200 at *path*."""

    def ask(state: State) -> None:
        context = ssl.create_default_context(cafile=str(state / "tls/ca.pem"))
        connection = http.client.HTTPSConnection(
            "localhost", state.port(server), timeout=PATIENCE, context=context
        )
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise NotReady(f"HTTP {status}")

    return ask


def smtp(server: str) -> Probe:
    """Return a probe for a mail server that greets."""

    def ask(state: State) -> None:
        with smtplib.SMTP("127.0.0.1", state.port(server), timeout=PATIENCE):
            pass

    return ask


def readiness_file(name: str) -> Probe:
    """Return a probe for a process that writes `run/<name>.ready` when it consumes."""

    def ask(state: State) -> None:
        if not (state / "run" / f"{name}.ready").exists():
            raise NotReady("not consuming yet")

    return ask


def grpc_health(server: str) -> Probe:
    """
    Return a probe for a gRPC server that calls itself SERVING, over mutual TLS.

    We show the certificate of `stack`, which servers let call nothing but their health.
    """

    def ask(state: State) -> None:
        # Imported here: only the supervisor of a whole stack needs gRPC.
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        certificate = our_certificate(state)
        credentials = grpc.ssl_channel_credentials(
            (state / "tls/ca.pem").read_bytes(),
            certificate.key_pem,
            certificate.chain_pem,
        )
        with grpc.secure_channel(f"localhost:{state.port(server)}", credentials) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(), timeout=PATIENCE
                )
            except grpc.RpcError as error:
                raise NotReady(f"gRPC {error.code().name}") from None
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotReady("health NOT_SERVING")

    return ask


certificates: dict[Path, Certificate] = {}
one_at_a_time = threading.Lock()


def our_certificate(state: State) -> Certificate:
    """Return the supervisor's own certificate, with a new one from Vault well before it ends."""
    from deploy.vault.launch import certificate_for_stack

    with one_at_a_time:
        kept = certificates.get(state.root)
        if kept is None or kept.expires_at - dt.datetime.now(dt.UTC) < RENEW_BEFORE:
            kept = certificates[state.root] = certificate_for_stack(state)
    return kept


def never(state: State) -> None:
    """Stand in for the probe of a one-shot, which is ready by ending well."""
    raise NotReady("still running")


def without_readiness_file(name: str) -> Callable[[State], None]:
    """Return the preparation that removes what an earlier run of the worker has left."""

    def prepare(state: State) -> None:
        (state / "run" / f"{name}.ready").unlink(missing_ok=True)

    return prepare
