"""What happens around every call: who may, what is told, what is recorded."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE
from sas.consent.v1 import records_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from common import errors
from common.rpc.deadlines import ending_in, seconds_left
from tests.unit.common.running import (
    NOTE,
    OPEN_RECORD,
    WORDS,
    Lines,
    Raw,
    Running,
    Spans,
    everything_on_the_wire,
    refusal,
)


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


def test_a_process_with_two_names_is_refused(running: Running) -> None:
    """Nobody acts in two parts at once, whichever of its names comes first (SPIFFE X.509-SVID)."""
    for names in (("gateway", "consent"), ("consent", "gateway")):
        assert isinstance(refusal(Raw(running, *names).get_note), errors.NotAvailable)
    assert running.handlers.callers == []


def test_the_gateway_may_not_open_records_itself(running: Running, gateway: Raw) -> None:
    stub = records_pb2_grpc.RecordsServiceStub(gateway.channel)
    assert isinstance(refusal(lambda: stub.OpenRecord(OPEN_RECORD, timeout=5)), errors.NotAvailable)


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
