"""How the gateway says no, and its limits."""

from __future__ import annotations

import base64
from concurrent import futures

import grpc
import httpx
import pytest
from google.rpc import code_pb2
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc

from tests.kit.gateway_house import SIGNED_IN, House
from tests.service.gateway.saying import (
    CANARY,
    CASE,
    NOTE,
    READ,
    WRITE,
    assert_says,
    reason_of,
    refusing,
)


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
