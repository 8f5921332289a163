"""
The gateway alone: what it lets in, what it takes off, and how it says no.

Behind it are servers that answer as each test says; identity's answers the session check.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import any_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import MessageToDict
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc, documents_pb2
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas_ext import ext_authz_pb2

from deploy.gateway.rpcs import Rpc, from_outside
from deploy.gateway.settings import DESCRIPTORS
from tests.kit.gateway_house import CHECK, SIGNED_IN, House, open_house, wait_until

DESCRIPTOR_SET = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
RPCS = from_outside(DESCRIPTOR_SET)
POOL = descriptor_pool.DescriptorPool()
for _file in DESCRIPTOR_SET.file:
    POOL.Add(_file)
ID = "51f0b2f6-0d93-4a3b-9c55-7f6d5c0a7a11"
AWKWARD = {
    FieldDescriptor.TYPE_STRING: 'Zoë said "\\ no" to {a: [1, null]}, \n\t\u2028 and \\u0041 🙂',
    FieldDescriptor.TYPE_BYTES: bytes(range(256)),
    FieldDescriptor.TYPE_BOOL: True,
}
CASE = "cases/0b1f8a52-6f0e-4c39-9b52-2d2a5a2f8f0e"
NOTE = f"notes/{ID}"
CANARY = "canary-jd101"
WRITE = f"/v1/{CASE}/notes"
READ = f"/v1/{NOTE}"


@pytest.fixture(scope="module")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("gateway")
    limits = {"session_rate": 20, "session_burst": 300}
    with open_house(folder, **limits, drain_seconds=1.0) as house:
        yield house


@pytest.fixture
def house(_house: House) -> House:
    _house.settle()
    return _house


def refusing(code: int, reason: str) -> Any:
    """Answer every call with this error and its details, as services do."""
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sas"))
    status = status_pb2.Status(code=code, message="No.", details=[info])

    def answer(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort_with_status(rpc_status.to_status(status))
        return b""

    return answer


def assert_says(answer: httpx.Response, http: int, code: int, reason: str) -> dict[str, Any]:
    """Check that this is a `google.rpc.Status` with that reason, and give it."""
    assert answer.status_code == http, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    status: dict[str, Any] = answer.json()
    assert status["code"] == code
    assert status["message"]
    assert status["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (status["details"][0]["reason"], status["details"][0]["domain"]) == (reason, "sas")
    for value in status["details"][0].get("metadata", {}).values():
        assert value == answer.headers["x-sas-trace"]
    return status


# What comes in


@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_a_json_call_reaches_the_rpc_that_its_path_names(house: House, rpc: Rpc) -> None:
    answer = house.http.request(
        rpc.http_method,
        one_path(rpc),
        headers=None if rpc.anyone else SIGNED_IN,
        content=None if rpc.http_method == "GET" else "{}",
    )
    assert answer.status_code == 200, answer.text
    asked = [call for call in house.upstreams[rpc.service].asked if call.path != CHECK]
    assert [call.path for call in asked] == [rpc.grpc_path]
    assert ("x-sas-caller" in asked[0].headers) is not rpc.anyone


def test_a_grpc_call_comes_in_at_the_same_port(house: House) -> None:
    house.upstreams["cases"].answer = lambda *_: case_notes_pb2.CaseNote(
        name=NOTE, situation="words"
    ).SerializeToString()
    with house.channel() as channel:
        stub = case_notes_pb2_grpc.CaseNotesServiceStub(channel)
        note = stub.GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=NOTE),
            metadata=tuple(SIGNED_IN.items()),
            timeout=5,
        )
    assert note.situation == "words"
    assert house.upstreams["cases"].asked[0].headers["x-sas-caller"] == "token"


def test_json_and_grpc_mean_the_same(house: House) -> None:
    house.http.post(WRITE, headers=SIGNED_IN, json={"situation": "words", "requestId": "r"})
    written = case_notes_pb2.WriteCaseNoteRequest.FromString(house.upstreams["cases"].asked[0].body)
    assert (written.parent, written.situation) == (CASE, "words")


@pytest.mark.parametrize(
    "rpc", [rpc for rpc in RPCS if rpc.http_method == "POST"], ids=lambda rpc: rpc.name
)
def test_every_field_of_every_call_comes_through_as_json(house: House, rpc: Rpc) -> None:
    """Under both names that JSON may give it, with all that a text may hold."""
    sent = filled(message_class(rpc.request)())
    in_path = {part.partition("=")[0] for part in re.findall(r"{([^}]+)}", rpc.http_path)}
    for name in in_path:
        setattr(sent, name, re.findall(rf"{{{name}=([^/]+)/\*}}", rpc.http_path)[0] + "/" + ID)
    for own_names in (False, True):
        body = MessageToDict(sent, preserving_proto_field_name=own_names)
        for name in in_path:
            body.pop(name)
        answer = house.http.request(
            rpc.http_method, one_path(rpc), json=body, headers=None if rpc.anyone else SIGNED_IN
        )
        assert answer.status_code == 200, answer.text
        asked = [each for each in house.upstreams[rpc.service].asked if each.path != CHECK][-1]
        assert message_class(rpc.request).FromString(asked.body) == sent


def test_a_large_document_goes_out(house: House) -> None:
    document = documents_pb2.Document(content=b"a" * 5 * 1024 * 1024).SerializeToString()
    house.upstreams["cases"].answer = lambda *_: document
    answer = house.http.get(f"/v1/documents/{ID}", headers=SIGNED_IN)
    assert len(base64.b64decode(answer.json()["content"])) == 5 * 1024 * 1024


@pytest.mark.parametrize("path", ["/", "/v2/cases", "/v1/case", f"/v1/{CASE}/other", "/healthy"])
def test_what_no_proto_names_is_not_there(house: House, path: str) -> None:
    assert_says(house.http.get(path, headers=SIGNED_IN), 404, 5, "NOT_AVAILABLE")


def test_a_call_between_services_is_not_there(house: House) -> None:
    with house.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        records_pb2_grpc.RecordsServiceStub(channel).OpenRecord(
            records_pb2.OpenRecordRequest(), metadata=tuple(SIGNED_IN.items()), timeout=5
        )
    assert reason_of(refused.value) == "NOT_AVAILABLE"
    posted = house.http.post(
        "/sas.consent.v1.RecordsService/OpenRecord", headers=SIGNED_IN, content="{}"
    )
    assert_says(posted, 404, 5, "NOT_AVAILABLE")
    assert house.upstreams["consent"].asked == []


def test_neither_health_nor_reflection_nor_the_session_check_can_be_called(house: House) -> None:
    for path in ("/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/X", CHECK):
        headers = {**SIGNED_IN, "content-type": "application/grpc", "te": "trailers"}
        answer = house.http.post(path, headers=headers, content=b"\0\0\0\0\0")
        assert answer.headers["grpc-status"] == str(code_pb2.NOT_FOUND)


def test_the_wrong_method_is_said_so(house: House) -> None:
    assert_says(house.http.delete(READ, headers=SIGNED_IN), 405, 12, "NOT_AVAILABLE")


def test_a_browser_that_signed_in_for_a_program_is_told_so(house: House) -> None:
    answer = house.http.get(f"/callback?code={CANARY}&state=s")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert CANARY not in answer.text


# Who is calling


def test_without_a_session_there_is_no_answer(house: House) -> None:
    assert_says(house.http.get(READ), 401, 16, "SIGN_IN_NEEDED")
    assert house.upstreams["cases"].asked == []
    with house.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        case_notes_pb2_grpc.CaseNotesServiceStub(channel).GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=NOTE), timeout=5
        )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refused.value.details() == "Sign in first."
    assert reason_of(refused.value) == "SIGN_IN_NEEDED"


def test_when_identity_cannot_answer_the_answer_is_no(house: House) -> None:
    def away(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        return b""

    house.upstreams["identity"].answer = away
    assert_says(house.http.get(READ, headers=SIGNED_IN), 503, 14, "TRY_AGAIN")
    assert house.upstreams["cases"].asked == []


def test_a_forged_caller_does_not_come_through(house: House) -> None:
    forged = {
        "x-sas-caller": "forged",
        "x-sas-decision": "forged",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-original-path": "/forged",
        "x-forwarded-for": "203.0.113.7",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "tracestate": "forged=1",
        "baggage": "person=jd101",
        "x-request-id": "forged",
    }
    house.http.get("/v1/notices/privacy", headers=forged)
    house.http.get(READ, headers={**forged, **SIGNED_IN})
    anonymous = house.upstreams["identity"].asked[0].headers
    signed_in = house.upstreams["cases"].asked[0].headers
    assert "x-sas-caller" not in anonymous
    assert signed_in["x-sas-caller"] == "token"
    for headers in (anonymous, signed_in):
        seen = " ".join(f"{name}: {value}" for name, value in headers.items())
        for word in ("forged", "203.0.113.7", "0af7651916cd43dd8448eb211c80319c", "jd101"):
            assert word not in seen
        assert headers["traceparent"].endswith("-01")


def test_a_service_does_not_see_the_session(house: House) -> None:
    house.http.get(READ, headers={**SIGNED_IN, "cookie": "session=good"})
    headers = house.upstreams["cases"].asked[0].headers
    assert not {"authorization", "cookie", "referer", "x-forwarded-for"} & headers.keys()
    assert "good" not in " ".join(headers.values())
    assert "python-httpx" not in headers.get("user-agent", "")


def test_identity_is_told_the_session_and_the_route_and_no_more(house: House) -> None:
    house.http.get(READ, headers={**SIGNED_IN, "accept-language": CANARY})
    asked = ext_authz_pb2.CheckRequest.FromString(house.upstreams["identity"].asked[0].body)
    assert dict(asked.attributes.context_extensions) == {
        "door": "session",
        "route": "cases.GetCaseNote",
    }
    assert asked.attributes.request.http.headers["authorization"] == "Bearer good"
    assert CANARY not in str(asked)


# How it says no


def test_the_reasons_of_a_service_come_through(house: House) -> None:
    house.upstreams["cases"].answer = refusing(code_pb2.FAILED_PRECONDITION, "WRONG_STATE")
    assert_says(house.http.get(READ, headers=SIGNED_IN), 400, 9, "WRONG_STATE")
    with house.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        case_notes_pb2_grpc.CaseNotesServiceStub(channel).GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=NOTE),
            metadata=tuple(SIGNED_IN.items()),
            timeout=5,
        )
    assert reason_of(refused.value) == "WRONG_STATE"


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ('{"situation": "a", "secondFactor": true}', "secondFactor", "is not a field of this call"),
        ('{"situation": "a", "situation": "b"}', "situation", "is given twice"),
        ('{"situation": ["a"]}', "situation", "must not be a list"),
        ('{"situation": {"a": 1}}', "situation", "must not be an object"),
        ('{"sit\\u0075ation": "a"}', "?", "is not a field of this call"),
        ('{"situation": "a"} {}', "", "is followed by something"),
        ('["a"]', "", "must be an object"),
        ('{"situation": "a', "situation", "is not JSON"),
    ],
)
def test_an_unknown_or_wrong_json_field_is_named(
    house: House, body: str, field: str, problem: str
) -> None:
    answer = house.http.post(WRITE, headers=SIGNED_IN, content=body)
    status = assert_says(answer, 400, 3, "INVALID_FIELDS")
    assert status["details"][1] == {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": field, "description": problem}],
    }
    assert house.upstreams["cases"].asked == []


def test_nothing_that_was_typed_comes_back_with_an_error(house: House) -> None:
    for body in (f'{{"{CANARY} and more": 1}}', f'{{"situation": {CANARY}}}', f"{CANARY}"):
        answer = house.http.post(WRITE, headers=SIGNED_IN, content=body)
        assert_says(answer, 400, 3, "INVALID_FIELDS")
        assert CANARY not in answer.text


def test_an_unknown_query_parameter_is_refused(house: House) -> None:
    answer = house.http.get(f"{READ}?view=all", headers=SIGNED_IN)
    assert_says(answer, 400, 3, "INVALID_FIELDS")


def test_a_body_has_a_limit(house: House) -> None:
    words = {"situation": "a" * 70_000}
    assert_says(house.http.post(WRITE, headers=SIGNED_IN, json=words), 413, 3, "INVALID_FIELDS")
    document = {"content": base64.b64encode(b"a" * 5 * 1024 * 1024).decode()}
    answer = house.http.post(f"/v1/{CASE}/documents", headers=SIGNED_IN, json=document)
    assert answer.status_code == 200, answer.text
    assert len(house.upstreams["cases"].asked[0].body) > 5 * 1024 * 1024
    document = {"content": "a" * 9 * 1024 * 1024}
    answer = house.http.post(f"/v1/{CASE}/documents", headers=SIGNED_IN, json=document)
    assert_says(answer, 413, 3, "INVALID_FIELDS")


def test_headers_have_a_limit(house: House) -> None:
    answer = house.http.get(READ, headers={**SIGNED_IN, "x-long": "a" * 20_000})
    assert_says(answer, 431, 3, "INVALID_FIELDS")


def test_one_session_cannot_flood_the_house(house: House) -> None:
    flood = {"authorization": "Bearer good-flood"}
    answers = [house.http.get(READ, headers=flood) for _ in range(400)]
    refused = [each for each in answers if each.status_code != 200]
    assert refused
    assert_says(refused[0], 429, 8, "TOO_MANY_CALLS")
    assert house.http.get(READ, headers=SIGNED_IN).status_code == 200


def test_codes_cannot_be_tried_out_quickly(house: House) -> None:
    def tries() -> httpx.Response | None:
        """Try until there is a no; None after far more tries than the burst."""
        for _ in range(100):
            answer = house.http.post("/v1/disclosures:collect", content="{}")
            if answer.status_code != 200:
                return answer
        return None

    # Several at once: on a busy machine one alone may be slower than the limit.
    with futures.ThreadPoolExecutor(8) as guessers:
        answers = [each.result() for each in [guessers.submit(tries) for _ in range(8)]]
    stopped = [answer for answer in answers if answer is not None]
    assert stopped
    assert_says(stopped[0], 429, 8, "TOO_MANY_CALLS")


def test_every_answer_forbids_keeping_it(house: House) -> None:
    answers = [
        house.http.get(READ, headers=SIGNED_IN),
        house.http.get(READ),
        house.http.get("/v2"),
    ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"] == "max-age=63072000"
        assert answer.headers["server"] == "sas"
        assert len(answer.headers["x-sas-trace"]) == 32
        assert "x-envoy-upstream-service-time" not in answer.headers


# What is written down


def test_log_and_trace_name_the_route_and_nothing_of_the_call(house: House) -> None:
    answers = [
        house.http.get(READ, headers={**SIGNED_IN, "user-agent": CANARY}),
        house.http.post(WRITE, headers=SIGNED_IN, content=f'{{"situation": {CANARY}}}'),
        house.http.get(f"/v1/{CANARY}", headers=SIGNED_IN),
        house.http.get(f"{READ}?{CANARY}={CANARY}", headers=SIGNED_IN),
    ]
    trace_id = answers[0].headers["x-sas-trace"]
    wait_until(lambda: len(house.spans.trace(trace_id)) == 2)
    wait_until(lambda: trace_id in house.log)
    lines = [json.loads(line) for line in house.log.splitlines() if trace_id in line]
    assert [line["route"] for line in lines] == ["cases.GetCaseNote"]
    for secret in (CANARY, NOTE, CASE, "Bearer", '127.0.0.1"'):
        assert secret not in house.log
    spans = house.spans.trace(trace_id)
    assert [span.name for span in spans] == ["gateway", "-> identity.Check"]
    assert spans[0].attributes["sas.route"] == "cases.GetCaseNote"
    assert spans[0].parent_id == ""
    time.sleep(1)
    stored = (house.folder / "spans.db").read_bytes() + (house.folder / "spans.db-wal").read_bytes()
    for secret in (CANARY, NOTE, "httpx"):
        assert secret.encode() not in stored


# Its own life


def test_a_renewed_certificate_is_shown_without_a_restart(house: House) -> None:
    house.ca.issue("gateway")
    before = house.certificate_serial()
    wait_until(lambda: house.certificate_serial() != before)
    assert house.http.get(READ, headers=SIGNED_IN).status_code == 200


def one_path(rpc: Rpc) -> str:
    """Give a path that the call has."""
    plain = re.sub(r"{[^=}]+=([^}]+)}", r"\1", rpc.http_path)
    return plain.replace("*", ID).replace("{index}", "7")


def message_class(name: str) -> Any:
    """Give the class of a message by its full name."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


def filled(message: Any) -> Any:
    """Set every field of a message, to what is awkward in JSON."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type and field.message_type.full_name.startswith("google."):
            getattr(message, field.name).FromJsonString("2026-11-23T03:00:00Z")
        elif field.message_type and field.is_repeated:
            for _ in range(2):
                filled(getattr(message, field.name).add())
        elif field.message_type:
            filled(getattr(message, field.name))
        else:
            value = AWKWARD.get(field.type, 1)
            plain = [value, value] if field.is_repeated else value
            if field.is_repeated:
                getattr(message, field.name).extend(plain)
            else:
                setattr(message, field.name, plain)
    return message


def reason_of(error: grpc.RpcError) -> str:
    """Give the reason in the details of a gRPC error."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)
