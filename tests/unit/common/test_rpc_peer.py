"""Calling another service, over real gRPC and mutual TLS."""

from __future__ import annotations

import time

import pytest
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import errors, telemetry
from common.caller import calling
from common.rpc.deadlines import ending_in
from tests.unit.common.running import (
    OPEN_RECORD,
    RECORD,
    Raw,
    Running,
    Spans,
)


def test_a_peer_passes_on_trace_and_caller_and_gets_errors_back(
    running: Running, spans: Spans
) -> None:
    adviser = running.vault.token()
    consents = running.as_peer("identity-serve")
    stub = consents.stub(records_pb2_grpc.RecordsServiceStub)
    gateway = Raw(running, "gateway")
    gateway.get_note(adviser)
    (who,) = running.handlers.callers

    with telemetry.span("outer"), calling(who):
        assert stub.OpenRecord(OPEN_RECORD).ledger_index == 7
        assert running.handlers.callers[-1] == who

        def refuse() -> None:
            raise errors.RefusedByPolicy(["wall"])

        running.handlers.do = refuse
        with pytest.raises(errors.RefusedByPolicy) as caught:
            stub.OpenRecord(OPEN_RECORD)
        assert caught.value.reasons == ("wall",)
        with pytest.raises(errors.InvalidFields):
            stub.OpenRecord(records_pb2.OpenRecordRequest(record=RECORD))
    consents.close()
    gateway.channel.close()


def test_the_trace_goes_through_both_ends(running: Running, spans: Spans) -> None:
    peer = running.as_peer("identity-serve")
    peer.stub(records_pb2_grpc.RecordsServiceStub).OpenRecord(OPEN_RECORD)
    peer.close()
    sent, answered = spans.named("-> cases.OpenRecord"), spans.named("cases.OpenRecord")
    assert answered.parent.span_id == sent.context.span_id
    assert sent.attributes == {
        "rpc.service": "sas.consent.v1.RecordsService",
        "rpc.method": "OpenRecord",
        "rpc.grpc.status_code": 0,
    }


def test_a_service_that_is_away_is_try_again(running: Running) -> None:
    peer = running.as_peer("identity-serve")
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    running.server.stop(lame_duck=0, grace=0)
    with pytest.raises(errors.TryAgain):
        stub.OpenRecord(records_pb2.OpenRecordRequest())
    peer.close()


def test_another_service_cannot_answer_in_its_place(running: Running) -> None:
    """A certificate of our authority is not enough: it must be that service's."""
    peer = running.as_peer("identity-serve", called="consent")
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    with pytest.raises(errors.TryAgain):
        stub.OpenRecord(records_pb2.OpenRecordRequest())
    assert running.handlers.callers == []
    peer.close()


def test_a_call_within_a_call_ends_with_it(running: Running) -> None:
    running.handlers.do = lambda: time.sleep(1)
    peer = running.as_peer("identity-serve")
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    began = time.monotonic()
    with ending_in(0.3), pytest.raises(errors.TryAgain):
        stub.OpenRecord(OPEN_RECORD)
    assert time.monotonic() - began < 0.9
    peer.close()


def test_a_stub_is_served_by_the_peer_it_was_made_for(running: Running) -> None:
    peer = running.as_peer("gateway")
    stub = peer.stub(sessions_pb2_grpc.SessionsServiceStub)
    assert stub.StartSignIn(sessions_pb2.StartSignInRequest(redirect_uri="u")).state == "s"
    peer.close()
