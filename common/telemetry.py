"""
Traces: which process did what, for how long, and nothing about anybody.

A span leaves this process only with what is declared here: names and codes. Everything else is
dropped on the way out, exception messages, stack traces and status texts included, because they
quote what somebody typed. `deploy.telemetry` applies the same list again when a span comes in.
`docs/telemetry.md` explains each attribute to readers; a test keeps the two alike.

Shared because every process takes part in the same trace: the ledger entry and Vault's audit line
carry its id, and a reconciler compares them (design: traces bound to audit).

Every span is recorded, whatever the caller's sampled flag says: a caller must not be able to
switch off the trace of a disclosure. Baggage is neither read nor passed on.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.otlp import OtlpExporter

__all__ = [
    "ATTRIBUTES",
    "Declared",
    "SpanKind",
    "TelemetryError",
    "current_trace",
    "declared",
    "declared_name",
    "from_traceparent",
    "span",
    "start",
    "start_with",
    "stop",
    "traceparent",
]

log = structlog.get_logger(__name__)

Declared = str | bool | int | float
"""What an attribute's value may be: a code, a name, a number; never a list or free text."""

ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "sas.process": "the process, as in the list of processes",
        "sas.op": "what is done to a record: `decrypt` marks the only way to words",
        "sas.ledger_index": "the index of the ledger entry that recorded the decision",
        "sas.ledger_batch": "how many entries were committed together with this one",
        "sas.decision": "the name of the decision, also in Vault's audit line",
        "sas.effect": "how the decision ended: `permit` or `forbid`",
        "sas.record": "the random name of the record",
        "sas.event": "the type of the event",
        "sas.route": "the gateway's route, as `<service>.<Method>`",
        "sas.vault.mount": "the mount in Vault",
        "sas.vault.operation": "what Vault was asked to do",
        "rpc.service": "the gRPC service",
        "rpc.method": "the gRPC method",
        "rpc.grpc.status_code": "the gRPC status as a number",
        "messaging.destination": "the exchange or queue",
        "http.method": "the HTTP method the gateway was asked with",
        "http.status_code": "the HTTP status the gateway answered with",
        "response_flags": "why the gateway itself ended the call, in Envoy's letters, or `-`",
    }
)
"""Every attribute a span may carry, and what it means. Also the heading of `docs/telemetry.md`."""

_CODE = re.compile(r"[A-Za-z0-9_:./@,-]{1,120}")
"""Codes, random names, routes. No blank: a sentence or a person's full name does not pass."""

_NAME = re.compile(r"(-> |vault |event |publish |timer |ledger )?[A-Za-z0-9_./-]{1,80}")

_TRACECONTEXT = TraceContextTextMapPropagator()


class TelemetryError(RuntimeError):
    """Traces can't be recorded, so the process must not start: its ledger entries need real ids."""


def declared(name: str, value: object) -> Declared | None:
    """Give back *value* if the attribute *name* is declared and the value is a code, else None."""
    if name not in ATTRIBUTES:
        return None
    if isinstance(value, str):
        return value if _CODE.fullmatch(value) else None
    return value if isinstance(value, bool | int | float) else None


def declared_name(name: str) -> str:
    """Give back a span's *name*, or `unnamed` when it is anything but a constant of ours."""
    return name if _NAME.fullmatch(name) else "unnamed"


class _OnlyDeclared(SpanExporter):
    """
    Lets through names, ids, times, links, status codes and declared attributes.

    A batch that can't be sent is dropped, and so is what comes in the next `PAUSE` seconds: a
    process must be able to end quickly with a full queue. Operators are told once at each change.
    """

    PAUSE = 2.0

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._away_until = 0.0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass the cleaned spans on, unless the collector was away a moment ago."""
        if time.monotonic() < self._away_until:
            return SpanExportResult.FAILURE
        result = self._inner.export([_cleaned(each) for each in spans])
        if result is SpanExportResult.SUCCESS:
            if self._away_until:
                log.warning("telemetry_collector_back")
            self._away_until = 0.0
        else:
            if not self._away_until:
                log.warning("telemetry_collector_away")
            self._away_until = time.monotonic() + self.PAUSE
        return result

    def shutdown(self) -> None:
        """End the inner exporter too."""
        self._inner.shutdown()


def _cleaned(original: ReadableSpan) -> ReadableSpan:
    attributes = {
        name: kept
        for name, value in (original.attributes or {}).items()
        if (kept := declared(name, value)) is not None
    }
    return ReadableSpan(
        name=declared_name(original.name),
        context=original.context,
        parent=original.parent,
        resource=original.resource,
        attributes=attributes,
        links=[trace.Link(link.context) for link in original.links],
        kind=original.kind,
        status=Status(original.status.status_code),
        start_time=original.start_time,
        end_time=original.end_time,
        instrumentation_scope=original.instrumentation_scope,
    )


_provider: TracerProvider | None = None
_tracer: trace.Tracer = trace.NoOpTracer()


def start(process: str, url: str, ca_file: Path | str) -> None:
    """
    Begin to record spans of *process* and send them to the collector in the background.

    The queue holds 4096 spans; when the collector is away longer than that lasts, the oldest
    are lost. No call ever waits for it.

    Args:
        process: The name of this process, such as `cases-serve`.
        url: Where the collector takes OTLP over HTTP, such as `https://127.0.0.1:17040/v1/traces`.
        ca_file: The certificates to trust for it.

    Raises:
        TelemetryError: Spans would not be recorded.
    """
    # Its warnings quote addresses and are plain text; _OnlyDeclared logs the two things to know.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    start_with(process, OtlpExporter(process, url, ca_file))


def start_with(process: str, exporter: SpanExporter, *, delay_ms: int = 500) -> None:
    """Like `start`, with another way out for the spans (tests keep them in memory)."""
    global _provider, _tracer  # one per process, as the context of a span is
    stop()
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        # Not Resource.create(): that adds what the environment says.
        resource=Resource({"service.name": process}),
        span_limits=SpanLimits(max_span_attributes=32, max_events=0, max_links=16),
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            _OnlyDeclared(exporter),
            max_queue_size=4096,
            max_export_batch_size=256,
            schedule_delay_millis=delay_ms,
            export_timeout_millis=3000,
        )
    )
    tracer = provider.get_tracer("sas")
    probe = tracer.start_span("probe")
    if not (probe.is_recording() and probe.get_span_context().is_valid):
        raise TelemetryError("spans are not recorded; is OTEL_SDK_DISABLED set?")
    _provider, _tracer = provider, tracer  # the probe is never ended, so never sent


def stop() -> None:
    """Send what is left and stop recording. Also happens by itself when the process ends."""
    global _provider, _tracer
    if _provider is not None:
        _provider.shutdown()
        _provider, _tracer = None, trace.NoOpTracer()


@contextmanager
def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, /, **attributes: Declared
) -> Iterator[Span]:
    """
    Do something within a span; dotted attributes go as `**{"sas.op": "decrypt"}`.

    An exception marks the span as failed and goes on; nothing of the exception is kept.
    Before `start`, the span exists but is recorded nowhere.
    """
    current = _tracer.start_span(name, kind=kind, attributes=attributes)
    token = otel_context.attach(trace.set_span_in_context(current))
    try:
        yield current
    except BaseException:
        current.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        otel_context.detach(token)
        current.end()


def current_trace() -> tuple[str, str]:
    """Give the trace id (32 hex digits) and the span id (16) of now; empty outside a trace."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return "", ""
    return trace.format_trace_id(here.trace_id), trace.format_span_id(here.span_id)


def traceparent() -> str:
    """Give the W3C `traceparent` of the current span, to pass on; empty outside a trace."""
    carrier: dict[str, str] = {}
    _TRACECONTEXT.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def from_traceparent(header: str | None) -> Iterator[None]:
    """
    Make what happens inside a part of the trace that *header* names.

    A missing or malformed header starts a new trace. Nothing but `traceparent` is read.
    """
    outside = _TRACECONTEXT.extract({"traceparent": header or ""}, context=otel_context.Context())
    token = otel_context.attach(outside)
    try:
        yield
    finally:
        otel_context.detach(token)
