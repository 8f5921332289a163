"""A server from its start to its end: load, certificates, health, leaving."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from sas.consent.v1 import records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import errors
from common.rpc.server import CONCURRENT_CALLS, Server
from tests.kit.vault_alone import VaultAlone
from tests.unit.common.running import (
    OPEN_RECORD,
    Raw,
    Running,
    configured,
    refusal,
    serving,
)


def test_too_many_calls_at_once_are_turned_away_and_the_others_answered(
    running: Running, gateway: Raw
) -> None:
    running.handlers.do = lambda: time.sleep(0.2)
    stub = sessions_pb2_grpc.SessionsServiceStub(gateway.channel)
    request = sessions_pb2.StartSignInRequest(redirect_uri="u")
    calls = [stub.StartSignIn.future(request, timeout=20) for _ in range(CONCURRENT_CALLS + 40)]
    outcomes = [each.exception() for each in calls]
    refused = [errors.from_rpc_error(each) for each in outcomes if each is not None]
    assert refused
    assert all(isinstance(each, errors.TooManyCalls) for each in refused)
    assert len(outcomes) - len(refused) >= CONCURRENT_CALLS


def test_certificates_are_renewed_on_both_ends_without_losing_a_call(
    vault: VaultAlone, tmp_path: Path
) -> None:
    vault.seconds = 3  # so renewed after 2 s
    with serving(vault, tmp_path) as running:
        peer = running.as_peer("identity-serve")
        stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
        channels, ends = {id(peer.channel)}, time.monotonic() + 5
        while time.monotonic() < ends:
            assert stub.OpenRecord(OPEN_RECORD).ledger_index == 7
            channels.add(id(peer.channel))
        peer.close()
    assert vault.issued >= 6  # three at each end
    assert len(channels) >= 3


def probe(raw: Raw) -> health_pb2.HealthCheckResponse.ServingStatus:
    """Ask for the server's health."""
    stub = health_pb2_grpc.HealthStub(raw.channel)
    status: health_pb2.HealthCheckResponse.ServingStatus
    status = stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status
    return status


SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def test_health_says_whether_calls_can_be_answered(running: Running, gateway: Raw) -> None:
    assert probe(gateway) == SERVING
    running.is_ready[0] = False
    ends = time.monotonic() + 5
    while probe(gateway) == SERVING and time.monotonic() < ends:
        time.sleep(0.1)
    assert probe(gateway) == NOT_SERVING


def test_a_call_of_which_nobody_said_who_may_make_it_is_not_served(running: Running) -> None:
    """R3: a server with one does not even start."""
    config = configured(running.folder, "cases-serve", running.vault, 0)
    foreign = [(add_TraceServiceServicer_to_server, TraceServiceServicer())]
    with pytest.raises(LookupError, match="no terms of access"):
        Server(config, running.vault, foreign, ready=lambda: True)


def test_health_is_for_the_gateway_and_the_stack_only(running: Running) -> None:
    assert probe(Raw(running, "stack")) == SERVING
    mallory = Raw(running, "mallory")
    assert isinstance(refusal(lambda: probe(mallory)), errors.NotAvailable)
    watch = health_pb2_grpc.HealthStub(mallory.channel).Watch(
        health_pb2.HealthCheckRequest(), timeout=5
    )
    assert isinstance(refusal(lambda: next(watch)), errors.NotAvailable)


def test_a_server_that_leaves_says_so_first_and_finishes_what_it_has(
    running: Running, gateway: Raw
) -> None:
    watch = health_pb2_grpc.HealthStub(gateway.channel).Watch(
        health_pb2.HealthCheckRequest(), timeout=10
    )
    assert next(watch).status == SERVING
    running.handlers.do = lambda: time.sleep(0.5)
    leaving = threading.Thread(target=running.server.stop, args=(1.0, 5.0))
    leaving.start()
    assert next(watch).status == NOT_SERVING
    gateway.get_note()  # still answered in the lame-duck time
    time.sleep(0.3)
    gateway.get_note()  # begun before the end, answered after it
    leaving.join()
    running.server.stop(lame_duck=0, grace=0)
