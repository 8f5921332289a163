"""Calling whatever the protos have, with names in all places where a name can stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import attrs
import grpc
from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from common import caller
from common.caller import Caller
from common.rpc.client import Peer
from deploy.gateway.rpcs import Rpc
from tests.system.calls import Json, method_of, plausible

_FILTERS = ("questionState",)
"""What lets through only some of a list."""


@attrs.frozen
class Answer:
    """What a caller gets, down to the bytes."""

    code: str
    said: bytes
    trailing: tuple[Any, ...] = ()


def requests(rpc: Rpc, names: Mapping[str, str]) -> Iterator[Json]:
    """Give requests that look right, with these names wherever a name can stand."""
    body = plausible(method_of(rpc).input_type)
    yield _named(body, names)
    unfiltered = {key: value for key, value in body.items() if key not in _FILTERS}
    if unfiltered != body:
        body = unfiltered
        yield _named(body, names)
    for field in method_of(rpc).input_type.fields:
        for collection in _optional_collections(field):
            yield _named(body, names) | {field.json_name: names.get(collection, "")}


def _optional_collections(field: FieldDescriptor) -> Sequence[str]:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    pattern = rules.repeated.items.string.pattern if field.is_repeated else rules.string.pattern
    return re.findall(r"\^\(?([a-zA-Z]+)/", pattern.removeprefix("^$|"))


def _named(body: Any, names: Mapping[str, str]) -> Any:
    if isinstance(body, dict):
        return {key: _named(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_named(value, names) for value in body]
    if isinstance(body, str) and "/redactions/" in body:
        return names.get("redactions", body)
    if isinstance(body, str) and (collection := body.partition("/")[0]) in names:
        return names[collection]
    return body


def call(peer: Peer, who: Caller, rpc: Rpc, body: Json) -> Answer:
    """Call it, as the gateway does."""
    method = method_of(rpc)
    message: Message = GetMessageClass(method.input_type)()
    try:
        ParseDict(body, message)
    except ParseError:  # a name in the place of a list
        ParseDict({k: [v] if k in _repeated(method) else v for k, v in body.items()}, message)
    send: grpc.UnaryUnaryMultiCallable[Message, bytes] = peer.channel.unary_unary(
        rpc.grpc_path, lambda m: m.SerializeToString(), lambda data: data
    )
    try:
        said = send(message, metadata=((caller.METADATA_KEY, who.token),), timeout=20)
    except grpc.RpcError as error:
        trailing: list[Any] = list(error.trailing_metadata())
        return Answer(error.code().name, (error.details() or "").encode(), tuple(trailing))
    return Answer("OK", said)


def _repeated(method: Any) -> set[str]:
    return {field.json_name for field in method.input_type.fields if field.is_repeated}


def pages(peer: Peer, who: Caller, rpc: Rpc, body: Json, size: int) -> list[bytes]:
    """Give all pages of a list; in one page where it has none."""
    fields = method_of(rpc).input_type.fields_by_name
    if "page_size" not in fields:
        return [call(peer, who, rpc, body).said]
    found: list[bytes] = []
    token = ""
    while True:
        answer = call(peer, who, rpc, body | {"pageSize": size, "pageToken": token})
        found.append(answer.code.encode() + answer.said)
        if answer.code != "OK":
            return found
        page: Any = GetMessageClass(method_of(rpc).output_type).FromString(answer.said)
        token = page.next_page_token
        if not token:
            return found


def absent(names: Mapping[str, str]) -> dict[str, str]:
    """Give names of the same form of what never was; the student is the same."""
    return {
        kind: name if kind == "students" else re.sub(r"[0-9a-f-]{36}", lambda _: str(uuid4()), name)
        for kind, name in names.items()
    }
