"""The rules that the protos set for requests (buf.validate), in words for the one who typed."""

from __future__ import annotations

from collections.abc import Mapping

import protovalidate
from google.protobuf.message import Message
from protovalidate import Violation

_validator = protovalidate.Validator()

_PLAIN: Mapping[str, str] = {
    "required": "is missing",
    "string.pattern": "has the wrong form",
    "string.uuid": "is not a UUID",
    "string.uuid_empty": "is missing",
    "enum.defined_only": "is not one of the values",
    "enum.not_in": "is missing",
}
"""For rules whose own message shows a pattern, or says less."""


def warm(message: Message) -> None:
    """Have the rules of *message* compiled, which takes up to 25 ms, before anybody waits."""
    _validator.collect_violations(message)


def violations(message: Message) -> Mapping[str, str]:
    """
    Give, for each field of *message* that breaks a rule, what is wrong with it.

    What the field holds is in neither: it may be somebody's words.
    """
    found: dict[str, str] = {}
    for violation in _validator.collect_violations(message):
        found.setdefault(_path(violation), _why(violation))
    return found


def _path(violation: Violation) -> str:
    """Give the path as `items[2].wrapped_key`; a key of a map is left out, since it is a value."""
    parts = []
    path = violation.proto.field
    for element in path.elements if path is not None else ():
        at = element.subscript
        index = f"[{at.value}]" if at is not None and at.field == "index" else ""
        parts.append(f"{element.field_name}{index}")
    return ".".join(parts)


def _why(violation: Violation) -> str:
    rule = violation.proto
    return _PLAIN.get(rule.rule_id) or rule.message.removeprefix("value ") or "is not valid"
