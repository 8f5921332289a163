"""Spans on their way: from a process, through a real collector, into a tree."""

from __future__ import annotations

import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from common import telemetry
from common.config import load
from deploy.telemetry.config import CollectorSettings
from deploy.telemetry.receiver import Collector, read_batch
from deploy.telemetry.spans import Span, build, render
from deploy.telemetry.store import SpanStore
from tests.kit.certificates import TestCa

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
"""A caller's traceparent that asks not to be recorded."""


@pytest.fixture
def memory() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    telemetry.start_with("cases-serve", exporter, delay_ms=10)
    yield exporter
    telemetry.stop()


def test_nothing_of_an_exception_leaves(memory: InMemorySpanExporter) -> None:
    with suppress(ValueError), telemetry.span("cases.GetCaseNote", person="jd101") as span:
        span.set_attribute("sas.op", "decrypt")
        span.add_event("said", {"words": "I failed my exam"})
        raise ValueError("Jane Doe, jd101")
    telemetry.stop()
    (kept,) = memory.get_finished_spans()
    assert kept.attributes == {"sas.op": "decrypt"}
    assert kept.events == ()
    assert kept.status.status_code is StatusCode.ERROR
    assert kept.status.description is None
    assert "Jane" not in kept.to_json()


def test_a_caller_cannot_switch_recording_off(memory: InMemorySpanExporter) -> None:
    with telemetry.from_traceparent(CALLER), telemetry.span("cases.GetCaseNote"):
        trace_id, _ = telemetry.current_trace()
        passed_on = telemetry.traceparent()
    telemetry.stop()
    assert trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert passed_on.startswith(f"00-{trace_id}-")
    assert len(memory.get_finished_spans()) == 1


def test_a_malformed_traceparent_begins_a_new_trace(memory: InMemorySpanExporter) -> None:
    with telemetry.from_traceparent("00-nonsense"), telemetry.span("cases.GetCaseNote"):
        assert len(telemetry.current_trace()[0]) == 32
    assert telemetry.current_trace() == ("", "")


def test_without_recording_a_process_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with pytest.raises(telemetry.TelemetryError):
        telemetry.start_with("cases-serve", InMemorySpanExporter())


def test_a_call_does_not_wait_for_an_absent_collector(tmp_path: Path) -> None:
    ca = TestCa(tmp_path)
    telemetry.start("cases-serve", "https://127.0.0.1:9/v1/traces", ca.root_file)
    began = time.monotonic()
    for _ in range(6000):  # more than the queue holds
        with telemetry.span("cases.GetCaseNote"):
            pass
    assert time.monotonic() - began < 3


def test_spans_of_two_processes_become_one_tree(tmp_path: Path) -> None:
    ca = TestCa(tmp_path)
    certificate, key = ca.issue("telemetry")
    config_file = tmp_path / "telemetry.toml"
    config_file.write_text(f"""
        process = "telemetry"
        listen = "127.0.0.1:0"
        [settings]
        certificate_file = "{certificate}"
        key_file = "{key}"
        spans_file = "{tmp_path / "spans.db"}"
    """)
    config = load(config_file, CollectorSettings)
    store = SpanStore(config.settings.spans_file)
    collector = Collector(config, store)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{collector.server_address[1]}"
    try:
        telemetry.start("cases-serve", f"{url}/v1/traces", ca.root_file)
        with telemetry.span("cases.GetCaseNote", telemetry.SpanKind.SERVER):
            trace_id, _ = telemetry.current_trace()
            with telemetry.span("-> consent.OpenRecord", telemetry.SpanKind.CLIENT):
                header = telemetry.traceparent()
        telemetry.start("consent-serve", f"{url}/v1/traces", ca.root_file)  # sends what was left
        with (
            telemetry.from_traceparent(header),
            telemetry.span("consent.OpenRecord", **{"sas.ledger_index": 7}),
        ):
            pass
        telemetry.stop()
        lines = render(build(store.trace(trace_id))).splitlines()
        well = urllib.request.urlopen(  # noqa: S310
            f"{url}/healthz", context=ssl.create_default_context(cafile=str(ca.root_file))
        )
        assert well.status == 200
    finally:
        collector.shutdown()
        collector.server_close()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "cases.GetCaseNote",
        "-> consent.OpenRecord",
        "consent.OpenRecord",
    ]
    assert lines[2].endswith("[consent-serve]  ledger 7")
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 2, 4]


def test_what_the_gateway_notes_about_a_caller_stops_at_the_collector() -> None:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="gateway")
    )
    for name in ("user_agent", "peer.address", "http.url", "sas.route"):
        span.attributes.append(KeyValue(key=name, value=AnyValue(string_value="cases.GetCaseNote")))
    span.status.message = "Jane Doe"
    span.events.add(name="Jane Doe")
    (kept,) = read_batch(request.SerializeToString())
    assert kept.attributes == {"sas.route": "cases.GetCaseNote"}
    assert "Jane" not in repr(kept)


def test_old_spans_are_forgotten(tmp_path: Path) -> None:
    store = SpanStore(tmp_path / "spans.db")
    old = Span("a" * 32, "1" * 16, "", "gateway", "gateway", 2, 100, 200, 0)
    new = attrs.evolve(old, span_id="2" * 16, started=5000, ended=6000)
    store.add([old, new])
    store.add([old])
    assert store.forget(before=1000, keep_bytes=10**9) == 1
    assert store.trace("a" * 32) == [new]
    assert store.forget(before=0, keep_bytes=0) == 1
