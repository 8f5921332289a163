"""
Spans as OTLP, and on their way to the collector.

Not the SDK's own exporter: all our spans are of one process and one library and carry codes only,
and what it does for the general case was a sixth of all that our processes did.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as pb
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue
from urllib3 import Retry

from common.https import HTTPError, kept_connections

SECONDS = 3.0
"""For one try to send a batch."""

AGAIN = Retry(total=1, redirect=False, allowed_methods=None)
"""A kept connection may have ended meanwhile. The collector keeps no span twice."""

_HEADERS = {"content-type": "application/x-protobuf"}

_KINDS = {
    SpanKind.INTERNAL: pb.Span.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: pb.Span.SPAN_KIND_SERVER,
    SpanKind.CLIENT: pb.Span.SPAN_KIND_CLIENT,
    SpanKind.PRODUCER: pb.Span.SPAN_KIND_PRODUCER,
    SpanKind.CONSUMER: pb.Span.SPAN_KIND_CONSUMER,
}

_CODES = {
    StatusCode.UNSET: pb.Status.STATUS_CODE_UNSET,
    StatusCode.OK: pb.Status.STATUS_CODE_OK,
    StatusCode.ERROR: pb.Status.STATUS_CODE_ERROR,
}


class OtlpExporter(SpanExporter):
    """Sends the spans of one process to the collector, over HTTP and TLS."""

    def __init__(self, process: str, url: str, ca_file: Path | str) -> None:
        """
        Prepare to send.

        Args:
            process: the name of this process.
            url: where the collector takes spans.
            ca_file: the certificates to trust for it.
        """
        self._resource = Resource(attributes=[_pair("service.name", process)])
        self._connections = kept_connections(url, ca_file, seconds=SECONDS, at_most=1)
        self._path = urlsplit(url).path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send *spans* as one batch."""
        batch = pb.ScopeSpans(
            scope=InstrumentationScope(name="sas"), spans=[_encoded(each) for each in spans]
        )
        body = ExportTraceServiceRequest(
            resource_spans=[pb.ResourceSpans(resource=self._resource, scope_spans=[batch])]
        ).SerializeToString()
        try:
            answer = self._connections.urlopen(
                "POST", self._path, body=body, headers=_HEADERS, retries=AGAIN
            )
        except HTTPError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if answer.status == 200 else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Close the connection."""
        self._connections.close()


def _encoded(span: ReadableSpan) -> pb.Span:
    own = span.context
    return pb.Span(
        trace_id=own.trace_id.to_bytes(16),
        span_id=own.span_id.to_bytes(8),
        parent_span_id=span.parent.span_id.to_bytes(8) if span.parent else b"",
        name=span.name,
        kind=_KINDS[span.kind],
        start_time_unix_nano=span.start_time or 0,
        end_time_unix_nano=span.end_time or 0,
        attributes=[_pair(*each) for each in (span.attributes or {}).items()],
        links=[
            pb.Span.Link(
                trace_id=link.context.trace_id.to_bytes(16),
                span_id=link.context.span_id.to_bytes(8),
            )
            for link in span.links
        ],
        status=pb.Status(code=_CODES[span.status.status_code]),
    )


def _pair(name: str, value: AttributeValue) -> KeyValue:
    match value:
        case bool():  # before int, which it is too
            return KeyValue(key=name, value=AnyValue(bool_value=value))
        case int():
            return KeyValue(key=name, value=AnyValue(int_value=value))
        case float():
            return KeyValue(key=name, value=AnyValue(double_value=value))
        case _:
            return KeyValue(key=name, value=AnyValue(string_value=str(value)))
