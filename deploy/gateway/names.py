"""The names under which filters are known to routes, and Envoy's way to write a typed thing."""

from __future__ import annotations

from typing import Any

EXT_AUTHZ = "session_check"
ANONYMOUS_LIMIT = "anonymous_limit"
SESSION_LIMIT = "session_limit"
BODY_LIMIT = "body_limit"
LARGE_BODY_LIMIT = "large_body_limit"
LUA = "strict_json"
TRANSCODER = "json_to_grpc"

SESSION_KEY = "x-sas-session-key"
"""A header that lives only between two filters: what tells one session's calls from another's."""


def typed(kind: str, **fields: Any) -> dict[str, Any]:
    """Give a typed configuration, as Envoy reads it."""
    return {"@type": f"type.googleapis.com/{kind}", **fields}
