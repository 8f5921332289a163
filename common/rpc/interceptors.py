"""
What happens around every call, in one list, outermost first.

    answer_errors    every error becomes a status with a reason; nothing else leaves
    in_a_span        the call has its span, with the status that the caller gets
    hide_faults      what nobody foresaw becomes OUR_FAULT with the trace id; no text of it stays
    from_a_peer      only the processes that the proto names may call
    for_a_caller     the caller token is verified, and its caller is the current caller
    with_access      the door and, where roles decide, the permission
    in_time          the call has a deadline
    well_formed      the request keeps the rules of its proto

Access comes before validation, and both before the handler looks anything up, so that a refusal
tells nothing about what is there (AIP-211).

Why not the ready-made interceptors: those of opentelemetry-instrumentation-grpc record a refusal
as OK and copy error messages into spans; grpc itself sends the text of an exception to the caller.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import attrs
import grpc
import structlog
from google.protobuf.message import Message
from sas.common.v1.access_pb2 import DECIDED_BY_ROLE, DOOR_SESSION, Access

from common import caller, errors, telemetry
from common.rpc import deadlines, rules
from common.rpc.validation import violations

log = structlog.get_logger(__name__)

STATUS_DETAILS = "grpc-status-details-bin"
"""Where gRPC carries a `google.rpc.Status`."""


@attrs.frozen
class Call:
    """One call that we are answering."""

    method: str
    """As `/sas.cases.v1.CaseNotesService/GetCaseNote`."""
    request: Message
    context: grpc.ServicerContext

    def metadata(self, key: str) -> list[str]:
        """Give the values that came with the call under *key*."""
        found = self.context.invocation_metadata() or ()
        return [str(value) for name, value in found if name == key]

    def access(self) -> Access:
        """Give the terms of access; an RPC without any is available to nobody."""
        access = rules.access_of(self.method)
        if access is None:
            log.error("rpc_without_access_rule", method=self.method)
            raise errors.NotAvailable
        return access


GoOn = Callable[[], Message]
Step = Callable[[Call, GoOn], Message]


def steps(service: str, domain: str, tokens: caller.CallerTokens) -> Sequence[Step]:
    """
    Give what happens around every call.

    Args:
        service: whose server this is, as `cases`.
        domain: the trust domain of the SPIFFE names.
        tokens: who verifies caller tokens.
    """
    return (
        answer_errors,
        functools.partial(in_a_span, service),
        hide_faults,
        functools.partial(from_a_peer, domain),
        functools.partial(for_a_caller, tokens),
        with_access,
        in_time,
        well_formed,
    )


def answer_errors(call: Call, go_on: GoOn) -> Message:
    """Answer every error with its status."""
    try:
        return go_on()
    except errors.ServiceError as error:
        abort(call.context, error)
    except Exception:  # only if one of our own steps failed: hide_faults has seen all others
        abort(call.context, errors.OurFault())


def abort(context: grpc.ServicerContext, error: errors.ServiceError) -> NoReturn:
    """End the call with the status of *error*."""
    status = errors.to_status(error)
    context.set_trailing_metadata(((STATUS_DETAILS, status.SerializeToString()),))
    context.abort(CODES[error.code], error.message)


CODES = {code.value[0]: code for code in grpc.StatusCode}
"""gRPC's codes by their number."""


def in_a_span(service: str, call: Call, go_on: GoOn) -> Message:
    """Answer within a span of the caller's trace; a refusal is recorded with its true code."""
    package, _, method = call.method.strip("/").partition("/")
    parents = call.metadata("traceparent")
    with (
        telemetry.from_traceparent(parents[0] if parents else None),
        telemetry.span(f"{service}.{method}", telemetry.SpanKind.SERVER) as span,
    ):
        span.set_attribute("rpc.service", package)
        span.set_attribute("rpc.method", method)
        try:
            response = go_on()
        except errors.ServiceError as error:
            span.set_attribute("rpc.grpc.status_code", error.code)
            raise
        span.set_attribute("rpc.grpc.status_code", 0)
        return response


def hide_faults(call: Call, go_on: GoOn) -> Message:
    """Log what nobody foresaw, without its text, and tell the caller the trace id only."""
    try:
        return go_on()
    except errors.ServiceError:
        raise
    except Exception as fault:
        log.error("rpc_failed", method=call.method, exc_info=fault)
        raise errors.OurFault(telemetry.current_trace()[0]) from None


def from_a_peer(domain: str, call: Call, go_on: GoOn) -> Message:
    """Let in only the processes that the terms of access name."""
    check_peer(domain, call)
    return go_on()


def check_peer(domain: str, call: Call) -> None:
    """
    Compare the SPIFFE name in the peer's certificate with the terms of access.

    The TLS handshake has only seen that the certificate is of our authority, which every process
    has.
    """
    # The type stubs call the names numbers.
    names: Sequence[Any] = list(call.context.auth_context().get("peer_spiffe_id", ()))
    allowed = {f"spiffe://{domain}/{each}".encode() for each in call.access().callers}
    if len(names) != 1 or names[0] not in allowed:
        log.warning("peer_refused", method=call.method, peers=[each.decode() for each in names])
        raise errors.NotAvailable


def for_a_caller(tokens: caller.CallerTokens, call: Call, go_on: GoOn) -> Message:
    """Verify the caller token, if there is one, whatever the door: a forged one is never right."""
    found = call.metadata(caller.METADATA_KEY)
    if len(found) > 1:
        raise errors.SignInNeeded
    with caller.calling(tokens.verify(found[0]) if found else None):
        return go_on()


def with_access(call: Call, go_on: GoOn) -> Message:
    """Keep the door, and the permission where the caller's roles decide."""
    access = call.access()
    if access.door == DOOR_SESSION:
        caller.current_caller()
    if access.decided_by == DECIDED_BY_ROLE:
        who = caller.current_caller()
        if access.permission not in who.permissions:
            raise errors.NotAvailable
        if access.second_factor and not who.second_factor:
            raise errors.SecondFactorNeeded
    return go_on()


def in_time(call: Call, go_on: GoOn) -> Message:
    """Keep the caller's deadline, or give one."""
    remaining = call.context.time_remaining()
    with deadlines.ending_in(None if _endless(remaining) else remaining):
        return go_on()


def _endless(remaining: float | None) -> bool:
    return remaining is None or remaining > 24 * 3600  # gRPC says "infinite" in several ways


def well_formed(call: Call, go_on: GoOn) -> Message:
    """Check the request against the rules of its proto."""
    wrong = violations(call.request)
    if wrong:
        raise errors.InvalidFields(wrong)
    return go_on()


class Interceptor(grpc.ServerInterceptor):
    """Puts the steps around each of our RPCs, and the check of the peer around the plumbing."""

    def __init__(self, around: Sequence[Step], domain: str) -> None:
        self._around, self._domain = around, domain

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Give the handler of the call, with what happens around it."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        if method in rules.PLUMBING:
            return self._plumbing(method, handler)
        inner = handler.unary_unary
        if inner is None:
            raise TypeError(f"{method}: only unary calls have their steps")

        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            call = Call(method, request, context)
            go_on: GoOn = functools.partial(inner, request, context)
            for step in reversed(self._around):
                go_on = functools.partial(step, call, go_on)
            return go_on()

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )

    def _plumbing(
        self, method: str, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        def checked(behaviour: Callable[..., Any]) -> Callable[..., Any]:
            # wraps() also keeps the marks that let a health watch do without a thread of its own.
            @functools.wraps(behaviour)
            def answer(request: Any, context: grpc.ServicerContext, *more: Any) -> Any:
                try:
                    check_peer(self._domain, Call(method, request, context))
                except errors.NotAvailable as error:
                    abort(context, error)
                return behaviour(request, context, *more)

            return answer

        kinds: Sequence[tuple[str, Callable[..., grpc.RpcMethodHandler[Any, Any]]]] = (
            ("unary_unary", grpc.unary_unary_rpc_method_handler),
            ("unary_stream", grpc.unary_stream_rpc_method_handler),
            ("stream_stream", grpc.stream_stream_rpc_method_handler),
        )
        for kind, make in kinds:
            if behaviour := getattr(handler, kind):
                return make(
                    checked(behaviour), handler.request_deserializer, handler.response_serializer
                )
        raise TypeError(f"{method}: no such kind of call")
