"""Where calls go: the four services over mutual TLS, and the collector of traces."""

from __future__ import annotations

from typing import Any

from common.config import Config
from deploy.gateway.names import typed
from deploy.gateway.settings import GatewaySettings

SERVICES = ("identity", "cases", "consent", "reports")

TLS_1_3 = {
    # Both: Envoy's upstream maximum is 1.2 by default.
    "tls_minimum_protocol_version": "TLSv1_3",
    "tls_maximum_protocol_version": "TLSv1_3",
}

OWN_CERTIFICATE = {
    "name": "gateway",
    "sds_config": {
        "resource_api_version": "V3",
        "path_config_source": {
            "path": "certificate/sds.json",
            "watched_directory": {"path": "certificate"},
        },
    },
}
"""The gateway's certificate, both towards callers and services; read again when it is renewed."""


def clusters(config: Config[GatewaySettings]) -> list[dict[str, Any]]:
    """Give the upstream servers."""
    return [*(_service(config, name) for name in SERVICES), _collector(config)]


def _service(config: Config[GatewaySettings], name: str) -> dict[str, Any]:
    """One service: only the holder of its SPIFFE name is spoken to."""
    spiffe = f"spiffe://{config.trust.domain}/{name}"
    validation = {
        "trusted_ca": {"filename": str(config.trust.ca_file.resolve())},
        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": spiffe}}],
    }
    tls = {
        "tls_params": TLS_1_3,
        "tls_certificate_sds_secret_configs": [OWN_CERTIFICATE],
        "validation_context": validation,
        "alpn_protocols": ["h2"],
    }
    keepalive = {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
    http = typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config={"http2_protocol_options": keepalive},
    )
    return {
        **_static(name, config.peers[name], tls),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http
        },
        "health_checks": [
            {
                "interval": "2s",
                "no_traffic_interval": "2s",
                "timeout": "1s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
        # A service that is not healthy gets no calls: they would wait for nothing.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
    }


def _collector(config: Config[GatewaySettings]) -> dict[str, Any]:
    address = config.telemetry.url.split("/")[2]
    ca_file = str(config.telemetry.ca_file.resolve())
    host = {"san_type": "IP_ADDRESS", "matcher": {"exact": address.rpartition(":")[0]}}
    validation = {
        "trusted_ca": {"filename": ca_file},
        "match_typed_subject_alt_names": [host, {**host, "san_type": "DNS"}],
    }
    return _static("telemetry", address, {"tls_params": TLS_1_3, "validation_context": validation})


def _static(name: str, address: str, tls: dict[str, Any]) -> dict[str, Any]:
    endpoint = {"address": socket_address(address)}
    return {
        "name": name,
        "connect_timeout": "1s",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": typed(
                "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                common_tls_context=tls,
            ),
        },
    }


def socket_address(address: str) -> dict[str, Any]:
    """Give `host:port` as Envoy reads it."""
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
