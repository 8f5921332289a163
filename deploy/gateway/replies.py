"""
The gateway's own answers, in the same form as the services': a `google.rpc.Status`.

A caller reads one kind of error, whether a service refused or the gateway did. A JSON caller gets
the status as the body; a gRPC caller gets it as gRPC does, with the details.
"""

from __future__ import annotations

import base64
from typing import Any

import attrs
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

DOMAIN = "sas"

FIELD_METADATA = "sas.strict_json"
"""Where `strict_json.lua` leaves which field it refused, and why."""


@attrs.frozen
class Reply:
    """What the gateway says when it ends a call itself with this HTTP status."""

    http: int
    code: int
    reason: str
    message: str


REPLIES = (
    Reply(400, code_pb2.INVALID_ARGUMENT, "INVALID_FIELDS", "The request can't be read."),
    Reply(401, code_pb2.UNAUTHENTICATED, "SIGN_IN_NEEDED", "Sign in first."),
    Reply(403, code_pb2.PERMISSION_DENIED, "NOT_AVAILABLE", "Not available."),
    Reply(404, code_pb2.NOT_FOUND, "NOT_AVAILABLE", "There is no such call."),
    Reply(405, code_pb2.UNIMPLEMENTED, "NOT_AVAILABLE", "This path takes another method."),
    Reply(408, code_pb2.DEADLINE_EXCEEDED, "TOO_LATE", "The request took too long."),
    Reply(413, code_pb2.INVALID_ARGUMENT, "INVALID_FIELDS", "The request is too large."),
    Reply(429, code_pb2.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", "Too many calls; wait a moment."),
    Reply(431, code_pb2.INVALID_ARGUMENT, "INVALID_FIELDS", "The headers are too large."),
    Reply(503, code_pb2.UNAVAILABLE, "TRY_AGAIN", "Nothing was opened or changed; try again."),
    Reply(504, code_pb2.DEADLINE_EXCEEDED, "TOO_LATE", "The answer took too long."),
)

OUR_FAULT = Reply(500, code_pb2.INTERNAL, "OUR_FAULT", "Something went wrong on our side.")


def local_reply_config() -> dict[str, Any]:
    """Give Envoy's `local_reply_config`: for each status one form for gRPC and one for JSON."""
    mappers = [_field_mapper()]
    for reply in REPLIES:
        this = _status("EQ", reply.http)
        mappers += [_grpc_mapper(reply, this), _json_mapper(reply, this)]
    other = _status("GE", 500)
    mappers += [_grpc_mapper(OUR_FAULT, other), _json_mapper(OUR_FAULT, other)]
    return {"mappers": mappers}


def _json_mapper(reply: Reply, when: dict[str, Any]) -> dict[str, Any]:
    return {
        "filter": when,
        "body_format_override": {
            "omit_empty_values": True,
            "json_format": {
                "code": reply.code,
                "message": reply.message,
                "details": [_error_info(reply)],
            },
        },
    }


def _field_mapper() -> dict[str, Any]:
    """Name the JSON field that was refused."""
    there = {
        "metadata_filter": {
            "matcher": {
                "filter": FIELD_METADATA,
                "path": [{"key": "field"}],
                "value": {"present_match": True},
            },
            "match_if_key_not_found": False,
        }
    }
    reply = REPLIES[0]
    violation = {
        "field": f"%DYNAMIC_METADATA({FIELD_METADATA}:field)%",
        "description": f"%DYNAMIC_METADATA({FIELD_METADATA}:problem)%",
    }
    return {
        "filter": {"and_filter": {"filters": [_status("EQ", reply.http), there]}},
        "body_format_override": {
            "omit_empty_values": True,
            "json_format": {
                "code": reply.code,
                "message": "A field is not right.",
                "details": [
                    _error_info(reply),
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [violation],
                    },
                ],
            },
        },
    }


def _error_info(reply: Reply) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reply.reason,
        "domain": DOMAIN,
        # The header, since a reply of the gateway's own is written outside the span.
        "metadata": {"trace_id": "%RESP(X-SAS-TRACE)%"},
    }


def _grpc_mapper(reply: Reply, when: dict[str, Any]) -> dict[str, Any]:
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reply.reason, domain=DOMAIN))
    status = status_pb2.Status(code=reply.code, message=reply.message, details=[info])
    details = base64.b64encode(status.SerializeToString()).decode()
    return {
        "filter": {"and_filter": {"filters": [when, *_CAME_AS_GRPC]}},
        "body_format_override": {"text_format_source": {"inline_string": reply.message}},
        "headers_to_add": [
            header("grpc-status", str(reply.code)),
            header("grpc-status-details-bin", details),
        ],
    }


def header(name: str, value: str) -> dict[str, Any]:
    """Set a header, whatever was there."""
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


_CAME_AS_GRPC = (
    {
        "header_filter": {
            "header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
        }
    },
    # The transcoder makes a JSON call look like gRPC, and notes the path that it had.
    {
        "header_filter": {
            "header": {
                "name": "x-envoy-original-path",
                "present_match": True,
                "invert_match": True,
            }
        }
    },
)


def _status(operator: str, value: int) -> dict[str, Any]:
    return {
        "status_code_filter": {
            "comparison": {
                "op": operator,
                # Envoy asks for the name of a run-time override; we have no such layer.
                "value": {"default_value": value, "runtime_key": "sas.none"},
            }
        }
    }
