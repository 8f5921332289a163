"""Which calls come in from outside, as the protos say."""

from __future__ import annotations

import re

import attrs
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodOptions
from sas.common.v1 import access_pb2

GATEWAY = "gateway"

SEGMENT = "[A-Za-z0-9._~-]+"
"""One part of a resource name in a path: our names are random and plain, so nothing is escaped."""


@attrs.frozen
class Rpc:
    """One RPC that the gateway lets in."""

    service: str
    """The service that answers it, such as `cases`."""

    full_service: str
    """The proto service, such as `sas.cases.v1.CaseNotesService`."""

    method: str
    request: str
    """The full name of the request message."""

    anyone: bool
    """Whether it needs no session."""

    http_method: str
    http_path: str
    """The path as the proto has it, such as `/v1/{name=notes/*}`."""

    @property
    def name(self) -> str:
        """The name of its route, in logs and spans."""
        return f"{self.service}.{self.method}"

    @property
    def grpc_path(self) -> str:
        """The path of a gRPC call."""
        return f"/{self.full_service}/{self.method}"

    @property
    def http_regex(self) -> str:
        """The path of a JSON call, as a regular expression for the whole of it."""
        plain = re.sub(r"\{[^=}]+=([^}]+)\}", r"\1", self.http_path)
        plain = re.sub(r"\{[^}]+\}", "*", plain)
        return SEGMENT.join(re.escape(part) for part in plain.split("*"))


def from_outside(descriptors: FileDescriptorSet) -> list[Rpc]:
    """
    Give the RPCs whose `access` option names the gateway as a caller, in order of name.

    An RPC for services only is not among them, so no route leads to it.
    """
    found = []
    for file in descriptors.file:
        if not file.package.startswith("sas."):
            continue
        for service in file.service:
            for method in service.method:
                access = method.options.Extensions[access_pb2.access]
                if GATEWAY not in access.callers:
                    continue
                verb, path = _http(method.options)
                found.append(
                    Rpc(
                        service=file.package.split(".")[1],
                        full_service=f"{file.package}.{service.name}",
                        method=method.name,
                        request=method.input_type.lstrip("."),
                        anyone=access.door == access_pb2.DOOR_ANYONE,
                        http_method=verb.upper(),
                        http_path=path,
                    )
                )
    return sorted(found, key=lambda rpc: rpc.name)


def _http(options: MethodOptions) -> tuple[str, str]:
    rule = options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return verb, getattr(rule, verb)
