"""What the gateway lets in, and to whom it brings it."""

from __future__ import annotations

import base64
import re
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import MessageToDict
from google.rpc import code_pb2
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc, documents_pb2
from sas.consent.v1 import records_pb2, records_pb2_grpc

from deploy.gateway.rpcs import Rpc, from_outside
from deploy.gateway.settings import DESCRIPTORS
from tests.kit.gateway_house import CHECK, SIGNED_IN, House
from tests.service.gateway.saying import (
    CANARY,
    CASE,
    ID,
    NOTE,
    READ,
    WRITE,
    assert_says,
    reason_of,
)

DESCRIPTOR_SET = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
RPCS = from_outside(DESCRIPTOR_SET)
POOL = descriptor_pool.DescriptorPool()
for _file in DESCRIPTOR_SET.file:
    POOL.Add(_file)
AWKWARD = {
    FieldDescriptor.TYPE_STRING: 'Zoë said "\\ no" to {a: [1, null]}, \n\t\u2028 and \\u0041 🙂',
    FieldDescriptor.TYPE_BYTES: bytes(range(256)),
    FieldDescriptor.TYPE_BOOL: True,
}


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
            body.pop(name if own_names else sent.DESCRIPTOR.fields_by_name[name].json_name)
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
