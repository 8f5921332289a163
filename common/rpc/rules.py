"""
The terms of access of each RPC, as its proto states them (`sas.common.v1.access`).

RPCs that are not ours carry no option, so what holds for them is written here. An RPC with neither
is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from google.protobuf import descriptor_pool
from sas.common.v1.access_pb2 import DECIDED_BY_DOOR, DOOR_ANYONE, Access, access

_PROBE = Access(door=DOOR_ANYONE, decided_by=DECIDED_BY_DOOR, callers=["gateway", "stack"])
"""Health and reflection say nothing about anybody."""

PLUMBING: Mapping[str, Access] = MappingProxyType(
    {
        "/grpc.health.v1.Health/Check": _PROBE,
        "/grpc.health.v1.Health/List": _PROBE,
        "/grpc.health.v1.Health/Watch": _PROBE,
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _PROBE,
    }
)
"""RPCs that every process answers and no trace needs. Reflection is there only for developers."""

OTHERS: Mapping[str, Access] = MappingProxyType(
    {
        "/envoy.service.auth.v3.Authorization/Check": Access(
            door=DOOR_ANYONE, decided_by=DECIDED_BY_DOOR, callers=["gateway"]
        ),
    }
)
"""RPCs that somebody else defined and we answer."""


@functools.cache
def access_of(method: str) -> Access | None:
    """Give the terms of access of *method*, `/package.Service/Method`, or None if it has none."""
    if method in PLUMBING:
        return PLUMBING[method]
    if method in OTHERS:
        return OTHERS[method]
    try:
        found = descriptor_pool.Default().FindMethodByName(method.strip("/").replace("/", "."))
    except KeyError:
        return None
    options = found.GetOptions()
    return options.Extensions[access] if options.HasExtension(access) else None
