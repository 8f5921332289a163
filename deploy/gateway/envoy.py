"""
Envoy's whole configuration, made from the compiled protos and `etc/gateway.toml`.

Nothing in it is secret, and nothing of it is written by hand: a new RPC with an `access` option has
its routes the next time the gateway starts.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from common.config import Config
from deploy.gateway.clusters import clusters
from deploy.gateway.listener import listener
from deploy.gateway.names import typed
from deploy.gateway.settings import GatewaySettings

MAX_CONNECTIONS = 2000

ADMIN_SOCKET = "admin.sock"
"""Relative to the run directory, where Envoy starts: the name of a socket must be short."""


def bootstrap(config: Config[GatewaySettings]) -> dict[str, Any]:
    """Give the configuration as Envoy reads it."""
    descriptors = FileDescriptorSet.FromString(config.settings.descriptors.read_bytes())
    return {
        "node": {"id": "gateway", "cluster": "sas"},
        "admin": {"address": {"pipe": {"path": ADMIN_SOCKET, "mode": 0o600}}},
        "static_resources": {
            "listeners": [listener(config, descriptors)],
            "clusters": clusters(config),
        },
        "layered_runtime": {
            "layers": [
                # Like our own processes, so that a trace is whole within a second.
                {"name": "ours", "static_layer": {"tracing.opentelemetry.flush_interval_ms": 500}}
            ]
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": typed(
                        "envoy.extensions.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        max_active_downstream_connections=MAX_CONNECTIONS,
                    ),
                }
            ]
        },
        "application_log_config": {
            "log_format": {
                "json_format": {
                    "event": "envoy",
                    "timestamp": "%Y-%m-%dT%T.%eZ",
                    "level": "%l",
                    "message": "%j",
                }
            }
        },
    }
