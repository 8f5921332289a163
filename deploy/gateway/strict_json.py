"""
What a JSON body may hold, for `strict_json.lua`.

Envoy's transcoder drops fields that it does not know (envoy issue 46623): a misspelt
`secondFactor` would be lost in silence. The filter refuses such a body before it is transcoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

from deploy.gateway.rpcs import Rpc

LUA_FILE = Path(__file__).with_suffix(".lua")


def lua_source(descriptors: FileDescriptorSet, rpcs: Iterable[Rpc]) -> str:
    """Give the filter's source with the table of all messages that the calls may hold."""
    messages = {
        f".{file.package}.{message.name}": message
        for file in descriptors.file
        for message in file.message_type
    }
    needed: dict[str, str] = {}
    waiting = [f".{rpc.request}" for rpc in rpcs]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = _fields(messages[name])
            waiting += [field.type_name for field in messages[name].field if _is_ours(field)]
    table = "\n".join(f'  ["{name[1:]}"] = {{{needed[name]}}},' for name in sorted(needed))
    return f"local MESSAGES = {{\n{table}\n}}\n{LUA_FILE.read_text(encoding='utf-8')}"


def _fields(message: DescriptorProto) -> str:
    """Write a Lua table of a message's fields, each under both names that JSON may use."""
    if message.nested_type:
        raise NotImplementedError(f"{message.name}: maps and nested messages are not checked yet")
    return ", ".join(
        f'["{name}"] = "{_kind(field)}"'
        for field in message.field
        for name in dict.fromkeys((field.json_name, field.name))
    )


def _kind(field: FieldDescriptorProto) -> str:
    """Write `*` for a list, then the message's name; a text, number or time has none."""
    listed = "*" if field.label == FieldDescriptorProto.LABEL_REPEATED else ""
    return listed + (field.type_name[1:] if _is_ours(field) else "")


def _is_ours(field: FieldDescriptorProto) -> bool:
    """Whether it is a JSON object; Google's own messages that we use are texts in JSON."""
    return field.type == FieldDescriptorProto.TYPE_MESSAGE and field.type_name.startswith(".sas.")
