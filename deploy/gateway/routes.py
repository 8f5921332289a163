"""
The routes: for each RPC one by its gRPC path and one by its JSON path, under the same name.

Everything that differs from call to call is said here, on the route: which service, whether a
session is needed, how large a body, which message its JSON must be. What no route names is 404.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deploy.gateway.names import (
    ANONYMOUS_LIMIT,
    BODY_LIMIT,
    EXT_AUTHZ,
    LUA,
    SESSION_LIMIT,
    TRANSCODER,
    typed,
)
from deploy.gateway.replies import header
from deploy.gateway.rpcs import Rpc
from deploy.gateway.settings import GatewaySettings

TIMEOUT = "15s"

LARGE_BODIES = {"cases.AttachDocument"}
"""The calls with a document in them."""

MAX_LARGE_BODY = 8 * 1024 * 1024
"""Bytes, where a document comes in: 5 MiB are 7 MiB as JSON. Elsewhere: `filters.MAX_BODY`."""


def routes(rpcs: Iterable[Rpc], settings: GatewaySettings) -> list[dict[str, Any]]:
    """Give all routes in the order in which they are tried."""
    rpcs = list(rpcs)
    return [
        *(_grpc_route(rpc, settings) for rpc in rpcs),
        *(_json_route(rpc, settings) for rpc in rpcs),
        _signed_in_page(),
        *(_own_answer({"safe_regex": {"regex": path}}, 405) for path in _paths(rpcs)),
        _own_answer({"prefix": "/"}, 404),
    ]


def _grpc_route(rpc: Rpc, settings: GatewaySettings) -> dict[str, Any]:
    route = _route({"path": rpc.grpc_path, "grpc": {}}, rpc, settings)
    route["typed_per_filter_config"] |= {LUA: OFF, TRANSCODER: OFF}
    return route


def _json_route(rpc: Rpc, settings: GatewaySettings) -> dict[str, Any]:
    method = {"name": ":method", "string_match": {"exact": rpc.http_method}}
    match = {"safe_regex": {"regex": rpc.http_regex}, "headers": [method]}
    return _route(match, rpc, settings)


def _route(match: dict[str, Any], rpc: Rpc, settings: GatewaySettings) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    per_filter: dict[str, Any] = {
        EXT_AUTHZ: _session_check(rpc),
        LUA: typed(
            "envoy.extensions.filters.http.lua.v3.LuaPerRoute",
            filter_context={"message": rpc.request},
        ),
    }
    if rpc.name in LARGE_BODIES:
        per_filter[BODY_LIMIT] = OFF
        extra["request_body_buffer_limit"] = MAX_LARGE_BODY
    if rpc.anyone:
        per_filter[ANONYMOUS_LIMIT] = _anonymous_limit(rpc, settings)
        per_filter[SESSION_LIMIT] = OFF
    return {
        "name": rpc.name,
        "match": match,
        "route": {
            "cluster": rpc.service,
            "timeout": TIMEOUT,
            "max_stream_duration": {"grpc_timeout_header_max": TIMEOUT},
            # Only what surely did not begin is tried again: a write must not happen twice.
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset-before-request",
                "num_retries": 1,
            },
        },
        "decorator": {"operation": "gateway", "propagate": False},
        "typed_per_filter_config": per_filter,
        **extra,
    }


def _session_check(rpc: Rpc) -> dict[str, Any]:
    kind = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
    if rpc.anyone:
        return typed(kind, disabled=True)
    extensions = {"door": "session", "route": rpc.name}
    return typed(kind, check_settings={"context_extensions": extensions})


def _anonymous_limit(rpc: Rpc, settings: GatewaySettings) -> dict[str, Any]:
    return typed(
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix=f"anonymous.{rpc.name}",
        token_bucket=bucket(settings.anonymous_rate, settings.anonymous_burst),
        descriptors=[
            {
                "entries": [{"key": "remote_address"}],
                "token_bucket": bucket(settings.source_rate, settings.source_burst),
            }
        ],
        rate_limits=[{"actions": [{"remote_address": {}}]}],
        **ENFORCED,
    )


def _signed_in_page() -> dict[str, Any]:
    """
    Answer a browser that comes back from signing in for a program.

    The code in the address is for the program, which the person gives it to; nothing keeps it here.
    """
    page = (
        "<!doctype html><html lang=en><title>Signed in</title>"
        "<p>You are signed in. Copy the address of this page to where you started."
        " Then you can close this window."
    )
    return {
        **_own_answer({"path": "/callback"}, 200),
        "name": "gateway.callback",
        "direct_response": {"status": 200, "body": {"inline_string": page}},
        "response_headers_to_add": [header("content-type", "text/html; charset=utf-8")],
    }


def _own_answer(match: dict[str, Any], status: int) -> dict[str, Any]:
    """End the call here; `replies` gives the body."""
    not_met = (EXT_AUTHZ, SESSION_LIMIT, LUA, TRANSCODER)
    return {
        "name": f"gateway.{status}",
        "match": match,
        "direct_response": {"status": status},
        "decorator": {"operation": "gateway", "propagate": False},
        "typed_per_filter_config": dict.fromkeys(not_met, OFF),
    }


def _paths(rpcs: Iterable[Rpc]) -> list[str]:
    return sorted({rpc.http_regex for rpc in rpcs})


def bucket(rate: int, burst: int) -> dict[str, Any]:
    """Give a token bucket of *burst* that fills with *rate* a second."""
    return {"max_tokens": burst, "tokens_per_fill": rate, "fill_interval": "1s"}


_ALWAYS = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
ENFORCED = {"filter_enabled": _ALWAYS, "filter_enforced": _ALWAYS}

OFF = typed("envoy.config.route.v3.FilterConfig", disabled=True, config={})
