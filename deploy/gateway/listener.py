"""The way in: TLS, what is taken off a call before anything looks at it, the log and the trace."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from common.config import Config
from deploy.gateway.clusters import OWN_CERTIFICATE, TLS_1_3, socket_address
from deploy.gateway.filters import http_filters
from deploy.gateway.names import SESSION_KEY, typed
from deploy.gateway.replies import header, local_reply_config
from deploy.gateway.routes import routes
from deploy.gateway.rpcs import from_outside
from deploy.gateway.settings import GatewaySettings

FORGEABLE = (
    *("traceparent", "tracestate", "baggage", "x-request-id", "x-client-trace-id"),
    *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded"),
    *("grpc-trace-bin", "grpc-tags-bin"),
)
"""What only we may say: a caller's is dropped, like all that has a prefix of the next list."""

FORGEABLE_PREFIXES = ("x-sas-", "x-envoy-", "x-b3-")

NOT_FOR_SERVICES = (
    *("authorization", "cookie", SESSION_KEY),
    *("user-agent", "referer", "x-forwarded-for"),
)
"""What no service needs: who called is in the caller token."""

ANSWER_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=63072000",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-sas-trace": "%TRACE_ID%",
}


def listener(config: Config[GatewaySettings], descriptors: FileDescriptorSet) -> dict[str, Any]:
    """Give the only public listener: HTTP/1.1 and HTTP/2, JSON and gRPC, on one port."""
    tls = {
        "tls_params": TLS_1_3,
        "tls_certificate_sds_secret_configs": [OWN_CERTIFICATE],
        "alpn_protocols": ["h2", "http/1.1"],
    }
    chain = {
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": typed(
                "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                common_tls_context=tls,
            ),
        },
        "transport_socket_connect_timeout": "5s",
        "filters": [{"name": "http", "typed_config": _http(config, descriptors)}],
    }
    return {
        "name": "gateway",
        "address": socket_address(config.listen),
        "filter_chains": [chain],
    }


def _http(config: Config[GatewaySettings], descriptors: FileDescriptorSet) -> dict[str, Any]:
    rpcs = from_outside(descriptors)
    return typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway",
        codec_type="AUTO",
        server_name="sas",
        use_remote_address=True,
        skip_xff_append=True,
        internal_address_config={"unix_sockets": False},
        generate_request_id=True,
        preserve_external_request_id=False,
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        strip_any_host_port=True,
        max_request_headers_kb=16,
        common_http_protocol_options={
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": 64,
            "idle_timeout": "300s",
        },
        http2_protocol_options={
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65536 * 4,
            "initial_connection_window_size": 65536 * 16,
        },
        request_headers_timeout="10s",
        request_timeout="15s",
        stream_idle_timeout="30s",
        delayed_close_timeout="1s",
        early_header_mutation_extensions=[_early_removal()],
        local_reply_config=local_reply_config(),
        access_log=[_access_log()],
        tracing=_tracing(config),
        http_filters=http_filters(config.settings, descriptors, rpcs),
        route_config={
            "name": "gateway",
            "request_headers_to_remove": list(NOT_FOR_SERVICES),
            "response_headers_to_add": [header(*each) for each in ANSWER_HEADERS.items()],
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": routes(rpcs, config.settings)}
            ],
        },
    )


def _early_removal() -> dict[str, Any]:
    """Drop what a caller may not say, before routes, the trace or a filter see it."""
    kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
    named = [{"remove": name} for name in FORGEABLE]
    prefixed = [
        {"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in FORGEABLE_PREFIXES
    ]
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": typed(kind, mutations=[*named, *prefixed]),
    }


def _access_log() -> dict[str, Any]:
    """One line a call: the route's name and how it went; no path, address or program."""
    fields = {
        "event": "gateway_call",
        "timestamp": "%START_TIME%",
        "route": "%ROUTE_NAME%",
        "method": "%REQ(:METHOD)%",
        "status": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "milliseconds": "%DURATION%",
        "received": "%BYTES_RECEIVED%",
        "sent": "%BYTES_SENT%",
        "trace_id": "%TRACE_ID%",
    }
    return {
        "name": "calls",
        "filter": {"not_health_check_filter": {}},
        "typed_config": typed(
            "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
            log_format={"json_format": fields},
        ),
    }


def _tracing(config: Config[GatewaySettings]) -> dict[str, Any]:
    """Begin a trace for every call and record all of them."""
    collector = {"uri": config.telemetry.url, "cluster": "telemetry", "timeout": "3s"}
    provider = typed(
        "envoy.config.trace.v3.OpenTelemetryConfig",
        http_service={"http_uri": collector},
        service_name="gateway",
    )
    return {
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": provider},
        "random_sampling": {"value": 100},
        "client_sampling": {"value": 0},
        "overall_sampling": {"value": 100},
        "spawn_upstream_span": False,
        "max_path_tag_length": 1,
        "custom_tags": [{"tag": "sas.route", "value": "%ROUTE_NAME%"}],
    }
