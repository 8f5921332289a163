"""Who calls, by the session and by nothing that they say about themselves."""

from __future__ import annotations

import grpc
import pytest
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas_ext import ext_authz_pb2

from tests.kit.gateway_house import SIGNED_IN, House
from tests.service.gateway.saying import (
    CANARY,
    NOTE,
    READ,
    assert_says,
    reason_of,
)


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
