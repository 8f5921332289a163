"""The gateway's routes are what the protos say, no more, and Envoy takes the configuration."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from sas.common.v1 import access_pb2

from deploy.gateway import certificate
from deploy.gateway.names import EXT_AUTHZ, LUA
from deploy.gateway.routes import LARGE_BODIES, routes
from deploy.gateway.rpcs import Rpc, from_outside
from deploy.gateway.settings import DESCRIPTORS, GatewaySettings
from deploy.gateway.strict_json import lua_source
from tests.kit.certificates import TestCa

DESCRIPTOR_SET = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
RPCS = from_outside(DESCRIPTOR_SET)
ROUTES = routes(RPCS, GatewaySettings(run_directory=Path("run")))

WITHOUT_SESSION = {
    "consent.GetAvailability",
    "cases.AskAboutStudent",
    "cases.CollectDisclosure",
    "identity.CompleteSignIn",
    "identity.GetNotice",
    "identity.StartSignIn",
}
"""Whoever adds to this list opens a door to everybody; say in the proto why."""


def test_every_rpc_for_the_gateway_has_a_grpc_and_a_json_route_and_no_other_has_one() -> None:
    declared = {
        f"{file.package.split('.')[1]}.{method.name}": list(access.callers)
        for file in DESCRIPTOR_SET.file
        if file.package.startswith("sas.")
        for service in file.service
        for method in service.method
        for access in [method.options.Extensions[access_pb2.access]]
    }
    expected = sorted(name for name, callers in declared.items() if "gateway" in callers)
    routed = sorted(route["name"] for route in ROUTES if "route" in route)
    assert routed == sorted(expected * 2)


def test_only_these_calls_need_no_session() -> None:
    assert {rpc.name for rpc in RPCS if rpc.anyone} == WITHOUT_SESSION
    for route in ROUTES:
        if "route" in route:
            check = route["typed_per_filter_config"][EXT_AUTHZ]
            assert (check.get("disabled", False)) == (route["name"] in WITHOUT_SESSION)
            assert ("check_settings" in check) != (route["name"] in WITHOUT_SESSION)


@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_no_json_path_can_be_taken_for_another(rpc: Rpc) -> None:
    """A path that fitted two calls could be checked as the one and answered as the other."""
    path = re.sub(r"\{[^}]*=([^}]*)\}", r"\1", rpc.http_path)
    path = re.sub(r"\{[^}]*\}|\*", "51f0b2f6-0d93-4a3b-9c55-7f6d5c0a7a11", path)
    fits = [
        other.name
        for other in RPCS
        if other.http_method == rpc.http_method and re.fullmatch(other.http_regex, path)
    ]
    assert fits == [rpc.name]


def test_every_json_body_is_checked_and_no_grpc_body_is() -> None:
    source = lua_source(DESCRIPTOR_SET, RPCS)
    for route in ROUTES:
        if "route" in route:
            check = route["typed_per_filter_config"][LUA]
            if "grpc" in route["match"]:
                assert check["disabled"]
            else:
                assert f'["{check["filter_context"]["message"]}"] = {{' in source


def test_large_bodies_are_calls_that_exist() -> None:
    assert {rpc.name for rpc in RPCS} >= LARGE_BODIES


def test_envoy_takes_the_configuration(tmp_path: Path) -> None:
    ca = TestCa(tmp_path)
    chain, key = ca.issue("gateway")
    certificate.write(tmp_path / "run", chain.read_bytes(), key.read_bytes())
    peers = "\n".join(
        f'{name} = "127.0.0.1:{port}"'
        for port, name in enumerate(("identity", "cases", "consent", "reports"), 24050)
    )
    config = tmp_path / "gateway.toml"
    config.write_text(f"""
process = "gateway"
listen = "127.0.0.1:24000"
telemetry.url = "https://127.0.0.1:24040/v1/traces"
telemetry.ca_file = "{ca.root_file}"
trust.ca_file = "{ca.root_file}"
trust.domain = "sas"
settings.run_directory = "{tmp_path / "run"}"
[peers]
{peers}
""")
    command = [sys.executable, "-m", "deploy.gateway", "--config", str(config), "--validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
