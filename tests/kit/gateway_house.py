"""The gateway with servers behind it that answer as a test says, and a real collector of traces."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import grpc
import httpx
from google.rpc import code_pb2
from sas_ext import ext_authz_pb2

from common.config import load
from deploy.telemetry.config import CollectorSettings
from deploy.telemetry.receiver import Collector
from deploy.telemetry.store import SpanStore
from tests.kit.certificates import TestCa
from tests.kit.upstream import Upstream

SERVICES = ("identity", "cases", "consent", "reports")
CHECK = "/envoy.service.auth.v3.Authorization/Check"
SIGNED_IN = {"authorization": "Bearer good"}
CERTIFICATE_SECONDS = 6


@attrs.frozen
class House:
    """The gateway and what stands behind it."""

    folder: Path
    ca: TestCa
    port: int
    upstreams: dict[str, Upstream]
    spans: SpanStore
    process: subprocess.Popen[bytes]
    http: httpx.Client
    """JSON over HTTP/1.1, without a session."""

    @property
    def log(self) -> str:
        """What the gateway wrote so far."""
        return (self.folder / "gateway.log").read_text(encoding="utf-8")

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        """Open a gRPC channel to the gateway."""
        root = grpc.ssl_channel_credentials(self.ca.root_file.read_bytes())
        with grpc.secure_channel(f"localhost:{self.port}", root) as channel:
            yield channel

    def settle(self) -> None:
        """Forget what was asked, and answer as at the beginning."""
        for name, each in self.upstreams.items():
            each.answer = identity if name == "identity" else empty
            each.asked.clear()

    def certificate_serial(self) -> str:
        """Give the serial number of the certificate that a new caller is shown."""
        trusted = ssl.create_default_context(cafile=str(self.ca.root_file))
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain,
            trusted.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            return str((secure.getpeercert() or {})["serialNumber"])


def empty(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
    """Answer with an empty message."""
    return b""


def identity(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
    """Answer the session check: a bearer whose secret begins with `good` is somebody."""
    if path != CHECK:
        return b""
    asked = ext_authz_pb2.CheckRequest.FromString(body).attributes
    answer = ext_authz_pb2.CheckResponse()
    if asked.request.http.headers.get("authorization", "").startswith("Bearer good"):
        token = answer.ok_response.headers.add(append_action=2)
        token.header.key, token.header.value = "x-sas-caller", "token"
        answer.ok_response.headers_to_remove.extend(["authorization", "cookie"])
    else:
        answer.status.code = code_pb2.UNAUTHENTICATED
        answer.denied_response.status.code = 401
        answer.denied_response.body = "no"
    return answer.SerializeToString()


@contextmanager
def open_house(folder: Path, **settings: float) -> Iterator[House]:
    """Start everything, wait until it is well, and end it afterwards."""
    ca = TestCa(folder)
    upstreams = {name: Upstream(ca.root_file, *ca.issue(name), empty) for name in SERVICES}
    collector, spans = _collector(folder, ca)
    port = _free_port()
    peers = "\n".join(f'{name} = "127.0.0.1:{each.port}"' for name, each in upstreams.items())
    own = "\n".join(f"{name} = {value}" for name, value in settings.items())
    config = folder / "gateway.toml"
    config.write_text(f"""
process = "gateway"
listen = "127.0.0.1:{port}"
telemetry.url = "https://127.0.0.1:{collector.server_address[1]}/v1/traces"
telemetry.ca_file = "{ca.root_file}"
trust.ca_file = "{ca.root_file}"
trust.domain = "sas"
[peers]
{peers}
[settings]
run_directory = "{folder / "run"}"
{own}
""")
    pair = [str(file) for file in ca.issue("gateway")]
    command = [sys.executable, "-m", "tests.kit.gateway_alone", str(config), *pair]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen([*command, str(CERTIFICATE_SECONDS)], stderr=log, stdout=log)
    trusted = ssl.create_default_context(cafile=str(ca.root_file))
    client = httpx.Client(base_url=f"https://localhost:{port}", verify=trusted, trust_env=False)
    house = House(folder, ca, port, upstreams, spans, process, client)
    try:
        house.settle()
        wait_until(lambda: _is_well(client))
        yield house
    finally:
        client.close()
        process.terminate()
        process.wait(20)
        collector.shutdown()
        collector.server_close()
        for each in upstreams.values():
            each.stop()


def wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something to become *true*, or fail."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not become true in time"
        time.sleep(0.05)


def _collector(folder: Path, ca: TestCa) -> tuple[Collector, SpanStore]:
    certificate, key = ca.issue("telemetry")
    file = folder / "telemetry.toml"
    file.write_text(f"""
process = "telemetry"
listen = "127.0.0.1:0"
settings.certificate_file = "{certificate}"
settings.key_file = "{key}"
settings.spans_file = "{folder / "spans.db"}"
""")
    config = load(file, CollectorSettings)
    store = SpanStore(config.settings.spans_file)
    collector = Collector(config, store)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    return collector, store


def _is_well(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
