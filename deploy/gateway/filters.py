"""
The filters, in the order in which a call meets them.

1. `health`: answers `/healthz` itself, and says no while the gateway drains.
2. `body_limit`, `large_body_limit`: a body that is too large ends the call. First, so that nobody
   without a session can fill the memory while the session is checked.
3. `anonymous_limit`: floods and guessing on calls that need no session.
4. `session_key`: notes the session for `session_limit`, since the next filter takes it away.
5. `session_check`: identity turns a session into a caller token, or ends the call.
6. `session_limit`: one session's calls, counted only when the session is real.
7. `strict_json`: a JSON field that the call does not have ends the call.
8. `json_to_grpc`: JSON becomes gRPC.
9. `router`: the service answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from deploy.gateway.names import (
    ANONYMOUS_LIMIT,
    BODY_LIMIT,
    EXT_AUTHZ,
    LARGE_BODY_LIMIT,
    LUA,
    SESSION_KEY,
    SESSION_LIMIT,
    TRANSCODER,
    typed,
)
from deploy.gateway.replies import header
from deploy.gateway.routes import ENFORCED, MAX_LARGE_BODY, bucket
from deploy.gateway.rpcs import Rpc
from deploy.gateway.settings import GatewaySettings
from deploy.gateway.strict_json import lua_source

MAX_BODY = 64 * 1024
"""Bytes; a long case note is a tenth of it."""

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes; what a document may be when it goes out."""

_FILTERS = "envoy.extensions.filters.http"


def http_filters(
    settings: GatewaySettings, descriptors: FileDescriptorSet, rpcs: Sequence[Rpc]
) -> list[dict[str, Any]]:
    """Give the filters in order."""
    return [
        _filter("health", _health()),
        _filter(BODY_LIMIT, _body_limit(MAX_BODY)),
        _filter(LARGE_BODY_LIMIT, _body_limit(MAX_LARGE_BODY)),
        _filter(ANONYMOUS_LIMIT, _no_limit()),
        _filter("session_key", _session_key()),
        _filter(EXT_AUTHZ, _session_check()),
        _filter(SESSION_LIMIT, _session_limit(settings)),
        _filter(LUA, _strict_json(lua_source(descriptors, rpcs))),
        _filter(TRANSCODER, _transcoder(settings, rpcs)),
        _filter("router", typed(f"{_FILTERS}.router.v3.Router", suppress_envoy_headers=True)),
    ]


def _filter(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "typed_config": config}


def _health() -> dict[str, Any]:
    return typed(
        f"{_FILTERS}.health_check.v3.HealthCheck",
        pass_through_mode=False,
        headers=[{"name": ":path", "string_match": {"exact": "/healthz"}}],
    )


def _body_limit(limit: int) -> dict[str, Any]:
    """Count while the body comes in, without keeping it (the buffer filter would keep it)."""
    return typed(f"{_FILTERS}.body_size_limit.v3.BodySizeLimit", max_request_bytes=limit)


def _no_limit() -> dict[str, Any]:
    """Stand in the chain; the routes that need no session bring their own buckets."""
    return typed(f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit", stat_prefix="anonymous")


def _session_key() -> dict[str, Any]:
    noted = header(SESSION_KEY, "%REQ(AUTHORIZATION?COOKIE)%")
    return typed(
        f"{_FILTERS}.header_mutation.v3.HeaderMutation",
        mutations={"request_mutations": [{"append": noted}]},
    )


def _session_check() -> dict[str, Any]:
    """Ask identity. When it can't answer, the answer is no."""
    return typed(
        f"{_FILTERS}.ext_authz.v3.ExtAuthz",
        transport_api_version="V3",
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        grpc_service={"envoy_grpc": {"cluster_name": "identity"}, "timeout": "1s"},
        # Identity needs the session and nothing else of the call.
        allowed_headers={"patterns": [{"exact": "authorization"}, {"exact": "cookie"}]},
    )


def _session_limit(settings: GatewaySettings) -> dict[str, Any]:
    """
    Count by the session's own secret, which stays in memory.

    The caller token would not do: it is a new one every time.
    """
    by_session = {"request_headers": {"header_name": SESSION_KEY, "descriptor_key": "session"}}
    return typed(
        f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="session",
        descriptors=[
            {
                "entries": [{"key": "session"}],
                "token_bucket": bucket(settings.session_rate, settings.session_burst),
            }
        ],
        max_dynamic_descriptors=2000,
        rate_limits=[{"actions": [by_session]}],
        **ENFORCED,
    )


def _strict_json(source: str) -> dict[str, Any]:
    return typed(f"{_FILTERS}.lua.v3.Lua", default_source_code={"inline_string": source})


def _transcoder(settings: GatewaySettings, rpcs: Sequence[Rpc]) -> dict[str, Any]:
    return typed(
        f"{_FILTERS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor=str(settings.descriptors),
        services=sorted({rpc.full_service for rpc in rpcs}),
        convert_grpc_status=True,
        match_incoming_request_route=True,
        url_unescape_spec="ALL_CHARACTERS_EXCEPT_RESERVED",
        print_options={"always_print_primitive_fields": True},
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        max_request_body_size=MAX_LARGE_BODY,
        max_response_body_size=MAX_ANSWER,
    )
