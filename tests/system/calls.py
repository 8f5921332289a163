"""
Every call that comes in through the gateway, with a request that looks right, made from the protos.

Looks right: each field has the form that its rules ask for, and names things that are not there.
"""

from __future__ import annotations

import importlib
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from common.rpc.validation import violations
from deploy.gateway.rpcs import Rpc, from_outside
from deploy.gateway.settings import DESCRIPTORS

Json = dict[str, Any]

CANARY = "her own words"
"""Put wherever something is wrong: no answer may repeat it."""

CALLS = from_outside(FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()))

_NUMBERS = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64}


@attrs.frozen
class Bad:
    """One way in which a request is wrong."""

    what: str
    body: Json
    field: str = ""
    """The field that the answer must name; empty if it need not."""


def method_of(rpc: Rpc) -> MethodDescriptor:
    """Find the descriptor of a call."""
    package = rpc.full_service.rpartition(".")[0]
    stub = importlib.import_module(f"{package}.{_file_of(rpc)}_pb2")
    service = stub.DESCRIPTOR.services_by_name[rpc.full_service.rpartition(".")[2]]
    found: MethodDescriptor = service.methods_by_name[rpc.method]
    return found


def _file_of(rpc: Rpc) -> str:
    for file in FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        if any(f"{file.package}.{each.name}" == rpc.full_service for each in file.service):
            return file.name.rpartition("/")[2].removesuffix(".proto")
    raise LookupError(rpc.full_service)


def in_path(rpc: Rpc) -> list[str]:
    """Give the fields that stand in the path."""
    return [part.partition("=")[0] for part in re.findall(r"{([^}]+)}", rpc.http_path)]


def path(rpc: Rpc, body: Mapping[str, Any]) -> str:
    """Give the path of a call for this request."""
    return re.sub(r"{([^=}]+)[^}]*}", lambda found: str(body[json_name(found[1])]), rpc.http_path)


def plausible(message: Descriptor) -> Json:
    """Give a request that breaks no rule, as JSON."""
    return {
        field.json_name: value
        for field in message.fields
        if (value := _plausible_value(field)) is not None
    }


def _plausible_value(field: FieldDescriptor) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.is_repeated or field.name == "page_token":
        return None
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return "2026-01-05T10:00:00Z"
        return plausible(field.message_type)
    if field.enum_type is not None:
        fitting = getattr(rules.enum, "in") or [1]
        return field.enum_type.values_by_number[fitting[0]].name
    if field.cpp_type in _NUMBERS:
        return rules.int32.gte or 1
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return False
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "YWJj"
    return _plausible_text(rules.string)


def _plausible_text(rules: validate_pb2.StringRules) -> str | None:
    """Give a text of the form that is asked for; nothing where it may be left out."""
    if rules.uuid:
        return str(uuid.uuid4())
    if rules.email:
        return "nobody@mail.example"
    if getattr(rules, "in"):
        return str(getattr(rules, "in")[0])
    if rules.pattern.startswith("^$|"):
        return None
    if (named := re.match(r"\^([a-zA-Z]+)/", rules.pattern)) is not None:
        first = rules.pattern.strip("^$").partition("$|^")[0]
        whole = first.replace("[0-9a-f-]{36}", str(uuid.uuid4()))
        return whole if re.fullmatch(r"[A-Za-z0-9/-]+", whole) else f"{named[1]}/{uuid.uuid4()}"
    if (kinds := re.match(r"\^\(([a-z|]+)\)/", rules.pattern)) is not None:
        return f"{'cases' if 'cases' in kinds[1] else kinds[1].partition('|')[0]}/{uuid.uuid4()}"
    if (literal := re.match(r"\^([a-z]+)\$\|", rules.pattern)) is not None:
        return literal[1]
    if rules.pattern.startswith("^[a-z_]{1,30}:"):
        return "case_note:read"
    if rules.pattern.startswith("^[A-Z]?[0-9]"):
        return "B2"
    if rules.pattern == "^[0-9a-f]{64}$":
        return "0" * 64
    return "housing"


def bad_requests(rpc: Rpc) -> Iterator[Bad]:
    """Give every way in which a request of this call can be wrong by its form."""
    message = method_of(rpc).input_type
    good = plausible(message)
    for field in message.fields:
        if field.name in in_path(rpc):
            continue
        name = field.json_name
        if rpc.http_method == "POST":
            yield from _wrong_type(good, field)
            yield from _too_long(good, field)
        elif field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
            yield Bad(f"{name} is a word", good | {name: CANARY})
        yield from _wrong_form(good, field)
        without = {key: value for key, value in good.items() if key != name}
        if field.name in broken_rules(message, without):
            yield Bad(f"{name} is missing", without, field.name)
    for name in in_path(rpc):
        if (field := message.fields_by_name[name]).cpp_type == FieldDescriptor.CPPTYPE_STRING:
            collection = str(good[field.json_name]).partition("/")[0]
            yield Bad(f"{name} names nothing", good | {field.json_name: f"{collection}/x-y"})
    yield Bad("a field that there is not", good | {"nonsense": CANARY})


def _wrong_type(good: Json, field: FieldDescriptor) -> Iterator[Bad]:
    """Give an object where a text belongs, and a text where anything else does."""
    name = field.json_name
    if field.is_repeated:
        yield Bad(f"{name} is no list", good | {name: {CANARY: CANARY}})
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        yield Bad(f"{name} is an object", good | {name: {CANARY: CANARY}})
        yield Bad(f"{name} is a list", good | {name: [CANARY]})
    else:
        yield Bad(f"{name} is a word", good | {name: CANARY})
        yield Bad(f"{name} is a list", good | {name: [CANARY]})


def _too_long(good: Json, field: FieldDescriptor) -> Iterator[Bad]:
    rules = field.GetOptions().Extensions[validate_pb2.field].string
    if rules.max_len:
        text = (CANARY + " ") * (rules.max_len // len(CANARY) + 1)
        yield Bad(f"{field.json_name} is too long", good | {field.json_name: text}, field.name)


def _wrong_form(good: Json, field: FieldDescriptor) -> Iterator[Bad]:
    """Give words where a name, a code or a day belongs, and a number out of its bounds."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    name, text = field.json_name, rules.string
    if text.pattern or text.uuid or text.email or getattr(text, "in"):
        yield Bad(f"{name} has another form", good | {name: CANARY}, field.name)
    if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 and rules.int32.lte:
        yield Bad(f"{name} is too large", good | {name: rules.int32.lte + 1}, field.name)


def broken_rules(message: Descriptor, body: Json) -> set[str]:
    """Name the fields whose rules a request breaks."""
    return set(violations(ParseDict(body, GetMessageClass(message)())))


def json_name(field: str) -> str:
    """Give a field's name in JSON."""
    first, *rest = field.split("_")
    return first + "".join(each.title() for each in rest)
