"""Calls between services, over real gRPC and mutual TLS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import errors, telemetry
from common.caller import calling
from common.rpc.deadlines import ending_in, seconds_left
from common.rpc.server import CONCURRENT_CALLS
from tests.kit.vault_alone import VaultAlone
from tests.unit.common.conftest import Lines, Running, serving

NOTE = "notes/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa01"
CASE = "cases/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa02"
RECORD = "records/8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa03"
REQUEST_ID = "8d7b6a0e-51f2-4a86-8a9d-0a3d2f6cfa04"
WORDS = "Jane Doe has not slept"


class Raw:
    """Calls the server as a process with a certificate, with whatever metadata the test wants."""

    def __init__(self, running: Running, service: str) -> None:
        made = running.vault.issue_certificate(service, domain="sas", names=["localhost"])
        credentials = grpc.ssl_channel_credentials(
            running.vault.ca_file.read_bytes(), made.key_pem, made.chain_pem
        )
        self.channel = grpc.secure_channel(f"localhost:{running.server.port}", credentials)
        self._vault = running.vault

    def get_note(self, token: str | None = "", name: str = NOTE, **more: str) -> Message:
        """Ask for a case note, as an adviser if the test does not say who (None: nobody)."""
        request = case_notes_pb2.GetCaseNoteRequest(name=name, purpose=PURPOSE_ADVICE)
        stub = case_notes_pb2_grpc.CaseNotesServiceStub(self.channel)
        return stub.GetCaseNote(request, metadata=self._metadata(token, more), timeout=5)

    def write_note(self, token: str | None = "", **fields: str) -> Message:
        """Write a case note."""
        said = {"parent": CASE, "request_id": REQUEST_ID} | fields
        stub = case_notes_pb2_grpc.CaseNotesServiceStub(self.channel)
        request = case_notes_pb2.WriteCaseNoteRequest(**said)
        return stub.WriteCaseNote(request, metadata=self._metadata(token, {}), timeout=5)

    def _metadata(self, token: str | None, more: dict[str, str]) -> tuple[tuple[str, str], ...]:
        said = {} if token is None else {"x-sas-caller": token or self._vault.token()}
        return tuple((said | more).items())


@pytest.fixture
def gateway(running: Running) -> Iterator[Raw]:
    raw = Raw(running, "gateway")
    yield raw
    raw.channel.close()


def refusal(call: Callable[[], object]) -> errors.ServiceError:
    """Give the error that *call* ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return errors.from_rpc_error(caught.value)


def everything_on_the_wire(failure: Any) -> str:
    """Give all that came back from a failed call, as text."""
    return repr((failure.code(), failure.details(), failure.trailing_metadata()))


def test_a_caller_with_a_token_is_the_current_caller(running: Running, gateway: Raw) -> None:
    gateway.get_note()
    (who,) = running.handlers.callers
    assert who is not None
    assert who.person.startswith("staffMembers/")
    assert who.roles == {"adviser"}


def test_the_caller_is_forgotten_after_the_call(running: Running, gateway: Raw) -> None:
    gateway.get_note()
    stub = sessions_pb2_grpc.SessionsServiceStub(gateway.channel)
    for _ in range(20):  # more than there are threads
        stub.StartSignIn(sessions_pb2.StartSignInRequest(redirect_uri="u"), timeout=5)
    assert running.handlers.callers[1:] == [None] * 20


@pytest.mark.parametrize("service", ["consent", "reports", "mallory", "gateway-2"])
def test_a_process_that_the_proto_does_not_name_is_refused(running: Running, service: str) -> None:
    assert isinstance(refusal(Raw(running, service).get_note), errors.NotAvailable)
    assert running.handlers.callers == []


def test_the_gateway_may_not_open_records_itself(running: Running, gateway: Raw) -> None:
    stub = records_pb2_grpc.RecordsServiceStub(gateway.channel)
    request = records_pb2.OpenRecordRequest(
        record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
    )
    assert isinstance(refusal(lambda: stub.OpenRecord(request, timeout=5)), errors.NotAvailable)


def test_without_a_certificate_nobody_comes_in(running: Running) -> None:
    credentials = grpc.ssl_channel_credentials(running.vault.ca_file.read_bytes())
    with grpc.secure_channel(f"localhost:{running.server.port}", credentials) as channel:
        stub = sessions_pb2_grpc.SessionsServiceStub(channel)
        error = refusal(
            lambda: stub.StartSignIn(sessions_pb2.StartSignInRequest(redirect_uri="u"), timeout=5)
        )
    assert isinstance(error, errors.TryAgain)
    assert running.handlers.callers == []


def test_without_a_session_one_is_asked_to_sign_in(gateway: Raw) -> None:
    assert isinstance(refusal(lambda: gateway.get_note(token=None)), errors.SignInNeeded)


def test_two_caller_tokens_are_one_too_many(running: Running, gateway: Raw) -> None:
    stub = case_notes_pb2_grpc.CaseNotesServiceStub(gateway.channel)
    token = running.vault.token()
    two = (("x-sas-caller", token), ("x-sas-caller", token))
    request = case_notes_pb2.GetCaseNoteRequest(name=NOTE, purpose=PURPOSE_ADVICE)
    error = refusal(lambda: stub.GetCaseNote(request, metadata=two, timeout=5))
    assert isinstance(error, errors.SignInNeeded)


def test_a_forged_token_is_refused_even_where_none_is_needed(
    running: Running, gateway: Raw
) -> None:
    stub = sessions_pb2_grpc.SessionsServiceStub(gateway.channel)
    request = sessions_pb2.StartSignInRequest(redirect_uri="u")
    forged = (("x-sas-caller", running.vault.token()[:-4] + "AAAA"),)
    error = refusal(lambda: stub.StartSignIn(request, metadata=forged, timeout=5))
    assert isinstance(error, errors.SignInNeeded)


def test_who_lacks_the_permission_learns_nothing(running: Running, gateway: Raw) -> None:
    student = running.vault.token(kind="student", roles=["student"], perms=[])
    assert isinstance(refusal(lambda: gateway.write_note(student)), errors.NotAvailable)


def test_the_second_factor_is_asked_for_after_the_permission(
    running: Running, gateway: Raw
) -> None:
    error = refusal(lambda: gateway.write_note(running.vault.token(sf=False)))
    assert isinstance(error, errors.SecondFactorNeeded)
    error = refusal(lambda: gateway.write_note(running.vault.token(sf=False, perms=[])))
    assert isinstance(error, errors.NotAvailable)


def test_access_comes_before_validation(running: Running, gateway: Raw) -> None:
    """Whether a name is well formed is nothing for those who may not ask (AIP-211)."""
    denied = running.vault.token(perms=[])
    assert isinstance(refusal(lambda: gateway.write_note(denied, parent="x")), errors.NotAvailable)
    error = refusal(lambda: gateway.get_note(token=None, name="x"))
    assert isinstance(error, errors.SignInNeeded)


def test_wrong_fields_are_named_and_not_quoted(running: Running, gateway: Raw) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        gateway.write_note(parent=WORDS, situation=WORDS * 1000, request_id="")
    error = errors.from_rpc_error(caught.value)
    assert isinstance(error, errors.InvalidFields)
    assert dict(error.violations) == {
        "parent": "has the wrong form",
        "situation": "must be at most 20000 characters",
        "request_id": "is missing",
    }
    assert "Jane" not in everything_on_the_wire(caught.value)
    assert running.handlers.callers == []


def test_no_text_of_an_exception_leaves_or_is_logged(
    running: Running, gateway: Raw, lines: Lines
) -> None:
    def fail() -> None:
        try:
            raise KeyError(WORDS)
        except KeyError as error:
            raise RuntimeError(WORDS) from error

    running.handlers.do = fail
    with pytest.raises(grpc.RpcError) as caught:
        gateway.get_note()
    assert "Jane" not in everything_on_the_wire(caught.value)
    assert isinstance(errors.from_rpc_error(caught.value), errors.OurFault)
    (line,) = [each for each in lines() if each["event"] == "rpc_failed"]
    assert line["method"] == "/sas.cases.v1.CaseNotesService/GetCaseNote"
    assert [each["type"] for each in line["exception"]] == ["RuntimeError", "KeyError"]


def test_a_fault_is_found_by_its_trace(running: Running, gateway: Raw, spans: Spans) -> None:
    def fail() -> None:
        raise RuntimeError(WORDS)

    running.handlers.do = fail
    error = refusal(gateway.get_note)
    span = spans.named("cases.GetCaseNote")
    assert error.metadata["trace_id"] == f"{span.context.trace_id:032x}"
    assert span.attributes["rpc.grpc.status_code"] == grpc.StatusCode.INTERNAL.value[0]


def test_refused_and_absent_are_the_same_bytes(running: Running, gateway: Raw) -> None:
    def refused() -> None:
        raise errors.NotAvailable

    running.handlers.do = refused
    answers = []
    calls: list[Callable[[], object]] = [
        gateway.get_note,
        lambda: gateway.write_note(running.vault.token(perms=[])),
        Raw(running, "mallory").get_note,
    ]
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        answers.append(everything_on_the_wire(caught.value))
    assert len(set(answers)) == 1


def test_errors_are_rich_for_other_languages_too(running: Running, gateway: Raw) -> None:
    def refuse() -> None:
        raise errors.RefusedByPolicy(["no_consent", "lapsed"])

    running.handlers.do = refuse
    with pytest.raises(grpc.RpcError) as caught:
        gateway.get_note()
    assert isinstance(caught.value, grpc.Call)
    status = rpc_status.from_call(caught.value)
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert status.details[0].Unpack(info)
    assert (info.domain, info.reason) == ("sas", "REFUSED_BY_POLICY")
    assert info.metadata["because"] == "lapsed,no_consent"


class Spans:
    """The spans that were recorded in the test."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def named(self, name: str) -> Any:
        """Give the one span called *name*; nothing is recorded after this."""
        telemetry.stop()
        (found,) = [each for each in self._exporter.get_finished_spans() if each.name == name]
        return found


@pytest.fixture
def spans() -> Iterator[Spans]:
    exporter = InMemorySpanExporter()
    telemetry.start_with("test", exporter)
    yield Spans(exporter)
    telemetry.stop()


def test_a_refusal_is_recorded_with_its_true_code(
    running: Running, gateway: Raw, spans: Spans
) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    refusal(lambda: gateway.get_note(token=None, traceparent=parent))
    span = spans.named("cases.GetCaseNote")
    assert span.attributes == {
        "rpc.service": "sas.cases.v1.CaseNotesService",
        "rpc.method": "GetCaseNote",
        "rpc.grpc.status_code": 16,
    }
    assert f"{span.context.trace_id:032x}" in parent
    assert f"{span.parent.span_id:016x}" in parent


def test_a_peer_passes_on_trace_and_caller_and_gets_errors_back(
    running: Running, spans: Spans
) -> None:
    adviser = running.vault.token()
    consents = running.as_peer("identity-serve")
    stub = consents.stub(records_pb2_grpc.RecordsServiceStub)
    request = records_pb2.OpenRecordRequest(
        record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
    )
    gateway = Raw(running, "gateway")
    gateway.get_note(adviser)
    (who,) = running.handlers.callers

    with telemetry.span("outer"), calling(who):
        assert stub.OpenRecord(request).ledger_index == 7
        assert running.handlers.callers[-1] == who

        def refuse() -> None:
            raise errors.RefusedByPolicy(["wall"])

        running.handlers.do = refuse
        with pytest.raises(errors.RefusedByPolicy) as caught:
            stub.OpenRecord(request)
        assert caught.value.reasons == ("wall",)
        request.action = "X"
        with pytest.raises(errors.InvalidFields):
            stub.OpenRecord(request)
    consents.close()
    gateway.channel.close()


def test_the_trace_goes_through_both_ends(running: Running, spans: Spans) -> None:
    peer = running.as_peer("identity-serve")
    request = records_pb2.OpenRecordRequest(
        record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
    )
    peer.stub(records_pb2_grpc.RecordsServiceStub).OpenRecord(request)
    peer.close()
    sent, answered = spans.named("-> cases.OpenRecord"), spans.named("cases.OpenRecord")
    assert answered.parent.span_id == sent.context.span_id
    assert sent.attributes == {
        "rpc.service": "sas.consent.v1.RecordsService",
        "rpc.method": "OpenRecord",
        "rpc.grpc.status_code": 0,
    }


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


def test_a_service_that_is_away_is_try_again(running: Running) -> None:
    peer = running.as_peer("identity-serve")
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    running.server.stop(lame_duck=0, grace=0)
    with pytest.raises(errors.TryAgain):
        stub.OpenRecord(records_pb2.OpenRecordRequest())
    peer.close()


def test_another_service_cannot_answer_in_its_place(running: Running) -> None:
    """A certificate of our authority is not enough: it must be that service's."""
    config = running.config("identity-serve")
    file = running.folder / "identity-serve.toml"
    file.write_text(file.read_text().replace("cases =", "consent ="))
    from common.config import NoSettings, load
    from common.rpc.client import Peer

    peer = Peer(load(file, NoSettings), running.vault, "consent")
    assert config.process == "identity-serve"
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    with pytest.raises(errors.TryAgain):
        stub.OpenRecord(records_pb2.OpenRecordRequest())
    assert running.handlers.callers == []
    peer.close()


def test_a_call_within_a_call_ends_with_it(running: Running) -> None:
    running.handlers.do = lambda: time.sleep(1)
    peer = running.as_peer("identity-serve")
    stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
    request = records_pb2.OpenRecordRequest(
        record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
    )
    began = time.monotonic()
    with ending_in(0.3), pytest.raises(errors.TryAgain):
        stub.OpenRecord(request)
    assert time.monotonic() - began < 0.9
    peer.close()


@pytest.mark.parametrize(
    ("asked", "least", "most"), [(None, 14, 15), (5, 4, 5), (50, 45, 50), (600, 59, 60)]
)
def test_a_call_has_a_deadline_whatever_the_caller_says(
    running: Running, gateway: Raw, asked: float | None, least: float, most: float
) -> None:
    left: list[float] = []
    running.handlers.do = lambda: left.append(seconds_left(1000))
    stub = sessions_pb2_grpc.SessionsServiceStub(gateway.channel)
    stub.StartSignIn(sessions_pb2.StartSignInRequest(redirect_uri="u"), timeout=asked)
    assert least < left[0] <= most


def test_it_is_too_late_when_the_deadline_has_passed() -> None:
    with pytest.raises(errors.TooLate), ending_in(0):
        pass


def test_certificates_are_renewed_on_both_ends_without_losing_a_call(
    vault: VaultAlone, tmp_path: Path
) -> None:
    vault.seconds = 3  # so renewed after 2 s
    request = records_pb2.OpenRecordRequest(
        record=RECORD, action="case_note:read", purpose=PURPOSE_ADVICE
    )
    with serving(vault, tmp_path) as running:
        peer = running.as_peer("identity-serve")
        stub = peer.stub(records_pb2_grpc.RecordsServiceStub)
        channels, ends = {id(peer.channel)}, time.monotonic() + 5
        while time.monotonic() < ends:
            assert stub.OpenRecord(request).ledger_index == 7
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


def test_a_stub_is_served_by_the_peer_it_was_made_for(running: Running) -> None:
    peer = running.as_peer("gateway")
    stub = peer.stub(sessions_pb2_grpc.SessionsServiceStub)
    assert stub.StartSignIn(sessions_pb2.StartSignInRequest(redirect_uri="u")).state == "s"
    peer.close()
