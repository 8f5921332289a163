"""
A message as text that may be looked at: fields marked `debug_redact` in their proto are left out.

Shared because Python's own `str(message)` ignores that mark and would print somebody's words; every
process's log goes through here.
"""

from __future__ import annotations

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.text_format import MessageToString

LEFT_OUT = "left out"


def redacted(message: Message) -> str:
    """
    Give *message* in one line without its marked fields, at any depth.

    A marked text is replaced, anything else that is marked is gone. A message packed in an `Any`
    is gone too, since what it is can't be known everywhere.
    """
    copy = type(message)()
    copy.CopyFrom(message)
    _redact(copy)
    return MessageToString(copy, as_one_line=True)


def _redact(message: Message) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().debug_redact:
            _leave_out(message, field)
        elif field.message_type is None:
            continue
        elif field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for each in value.values():
                    _redact_one(each)
        elif field.is_repeated:
            for each in value:
                _redact_one(each)
        else:
            _redact_one(value)


def _redact_one(message: Message) -> None:
    if isinstance(message, AnyMessage):
        message.Clear()
    else:
        _redact(message)


def _leave_out(message: Message, field: FieldDescriptor) -> None:
    message.ClearField(field.name)
    if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
        setattr(message, field.name, LEFT_OUT)
