"""
What can go wrong, as a caller sees it: one class for each thing a caller treats differently.

Shared because every service, and every caller of one, must mean the same by the same reason. The
reasons are the enum in `protos/sas/common/v1/errors.proto`; on the wire an error is a
`google.rpc.Status` with `ErrorInfo` (AIP-193) and, for fields, `BadRequest`.

A message is a constant, or made of codes and names only: it must never hold somebody's words, since
it is shown and may be logged. This module imports no gRPC, since workers raise these errors too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs
from google.rpc import code_pb2, error_details_pb2, status_pb2
from sas.common.v1.errors_pb2 import ErrorReason

DOMAIN = "sas"
"""`ErrorInfo.domain` of all our errors."""

_PREFIX = "ERROR_REASON_"


@attrs.frozen(slots=False)
class ServiceError(Exception):
    """Something a caller is told. Raise one of the classes below, not this one."""

    code: ClassVar[int]
    """The gRPC status code."""
    reason: ClassVar[ErrorReason.ValueType]

    message: str
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    violations: Mapping[str, str] = attrs.field(factory=dict)
    """For each field that is wrong, what is wrong with it; never what it holds."""

    def __str__(self) -> str:
        return self.message

    @classmethod
    def reason_name(cls) -> str:
        """The reason as on the wire, such as `NOT_AVAILABLE`."""
        return ErrorReason.Name(cls.reason).removeprefix(_PREFIX)


class NotAvailable(ServiceError):
    """
    The caller may not, or there is nothing there: never told apart.

    It is a constant, down to the bytes, so that trying names tells nobody who came to the Service.
    """

    code = code_pb2.PERMISSION_DENIED
    reason = ErrorReason.ERROR_REASON_NOT_AVAILABLE

    def __init__(self) -> None:
        super().__init__("Not available.")


class SignInNeeded(ServiceError):
    """There is no session, or it has ended."""

    code = code_pb2.UNAUTHENTICATED
    reason = ErrorReason.ERROR_REASON_SIGN_IN_NEEDED

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class SecondFactorNeeded(ServiceError):
    """The session has no second factor. Not UNAUTHENTICATED: the session itself is good."""

    code = code_pb2.PERMISSION_DENIED
    reason = ErrorReason.ERROR_REASON_SECOND_FACTOR_NEEDED

    def __init__(self) -> None:
        super().__init__("Sign in again, with your second factor.")


class PasskeyNeeded(ServiceError):
    """The caller has a passkey, and it has not signed exactly this."""

    code = code_pb2.PERMISSION_DENIED
    reason = ErrorReason.ERROR_REASON_PASSKEY_NEEDED

    def __init__(self) -> None:
        super().__init__("Sign this with a passkey of yours, and send its signature along.")


class InvalidFields(ServiceError):
    """Fields are missing, too long or of the wrong form."""

    code = code_pb2.INVALID_ARGUMENT
    reason = ErrorReason.ERROR_REASON_INVALID_FIELDS

    def __init__(self, violations: Mapping[str, str]) -> None:
        super().__init__("Some fields are not right.", violations=dict(violations))


class StaleEtag(ServiceError):
    """Somebody changed it in the meantime."""

    code = code_pb2.ABORTED
    reason = ErrorReason.ERROR_REASON_STALE_ETAG

    def __init__(self) -> None:
        super().__init__("It was changed in the meantime: read it again.")


class RequestIdReused(ServiceError):
    """The `request_id` was used for another call."""

    code = code_pb2.ALREADY_EXISTS
    reason = ErrorReason.ERROR_REASON_REQUEST_ID_REUSED

    def __init__(self) -> None:
        super().__init__("This request_id was used for another call.")


class WrongState(ServiceError):
    """It can't be done in this state; the message says which state, in constant words."""

    code = code_pb2.FAILED_PRECONDITION
    reason = ErrorReason.ERROR_REASON_WRONG_STATE

    def __init__(self, message: str) -> None:
        super().__init__(message)


class RefusedByPolicy(ServiceError):
    """
    The policy refuses, and the caller may know why: every reason as a code, and in words.

    The words are the policy's own, for people to read; never anybody's. The decision's name is
    there to ask about it later.
    """

    code = code_pb2.PERMISSION_DENIED
    reason = ErrorReason.ERROR_REASON_REFUSED_BY_POLICY

    def __init__(
        self, reasons: Iterable[str], words: Mapping[str, str] | None = None, decision: str = ""
    ) -> None:
        because = ",".join(sorted(set(reasons)))
        known = {"because": because, "decision": decision, **(words or {})}
        super().__init__(
            "The confidentiality policy refuses this.",
            {key: value for key, value in known.items() if value},
        )

    @property
    def decision(self) -> str:
        """What was decided, by name; empty if that is not known."""
        return self.metadata.get("decision", "")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reason codes, sorted."""
        because = self.metadata.get("because", "")
        return tuple(because.split(",")) if because else ()

    @property
    def in_words(self) -> tuple[str, ...]:
        """The reasons in words; one without words, as it is called."""
        return tuple(self.metadata.get(each, each.replace("_", " ")) for each in self.reasons)


class TryAgain(ServiceError):
    """A server that the answer needs can't be reached: nothing was opened, nothing was changed."""

    code = code_pb2.UNAVAILABLE
    reason = ErrorReason.ERROR_REASON_TRY_AGAIN

    def __init__(self) -> None:
        super().__init__("We can't answer at the moment. Try again in a minute.")


class TooManyCalls(ServiceError):
    """Too many calls in a short time."""

    code = code_pb2.RESOURCE_EXHAUSTED
    reason = ErrorReason.ERROR_REASON_TOO_MANY_CALLS

    def __init__(self) -> None:
        super().__init__("Too many calls in a short time. Try again in a minute.")


class OurFault(ServiceError):
    """Something went wrong on our side. Nobody raises it on purpose: it stands for all unknown."""

    code = code_pb2.INTERNAL
    reason = ErrorReason.ERROR_REASON_OUR_FAULT

    def __init__(self, trace_id: str = "") -> None:
        super().__init__(
            "Something went wrong. If you tell us, give us the trace_id.", {"trace_id": trace_id}
        )


class SignInFailed(ServiceError):
    """The sign-in could not be completed."""

    code = code_pb2.UNAUTHENTICATED
    reason = ErrorReason.ERROR_REASON_SIGN_IN_FAILED

    def __init__(self) -> None:
        super().__init__("The sign-in could not be completed: start again.")


class DeadlineNeeded(ServiceError):
    """The call came without a deadline, or with one too long."""

    code = code_pb2.INVALID_ARGUMENT
    reason = ErrorReason.ERROR_REASON_DEADLINE_NEEDED

    def __init__(self) -> None:
        super().__init__("A deadline is needed.")


class TooLate(ServiceError):
    """The deadline passed."""

    code = code_pb2.DEADLINE_EXCEEDED
    reason = ErrorReason.ERROR_REASON_TOO_LATE

    def __init__(self) -> None:
        super().__init__("It took too long.")


class NotPublishable(ServiceError):
    """It can't be published without identifying somebody; the message says which rule."""

    code = code_pb2.FAILED_PRECONDITION
    reason = ErrorReason.ERROR_REASON_NOT_PUBLISHABLE

    def __init__(self, message: str) -> None:
        super().__init__(message)


_BY_REASON: Mapping[str, type[ServiceError]] = {
    each.reason_name(): each for each in ServiceError.__subclasses__()
}


def to_status(error: ServiceError) -> status_pb2.Status:
    """Give *error* as it goes over the wire."""
    status = status_pb2.Status(code=error.code, message=error.message)
    info = error_details_pb2.ErrorInfo(
        reason=error.reason_name(), domain=DOMAIN, metadata=dict(error.metadata)
    )
    status.details.add().Pack(info, deterministic=True)
    if error.violations:
        wrong = error_details_pb2.BadRequest()
        for field, why in error.violations.items():
            wrong.field_violations.add(field=field, description=why)
        status.details.add().Pack(wrong)
    return status


def from_status(status: status_pb2.Status) -> ServiceError | None:
    """Give the error that *status* stands for, or None when it is none of ours."""
    info = error_details_pb2.ErrorInfo()
    wrong = error_details_pb2.BadRequest()
    for detail in status.details:
        if not detail.Unpack(info):
            detail.Unpack(wrong)
    if info.domain != DOMAIN or info.reason not in _BY_REASON:
        return None
    found = _BY_REASON[info.reason]
    # Past the class's own __init__: message and metadata are those that came.
    error = found.__new__(found)
    ServiceError.__init__(
        error,
        status.message,
        dict(info.metadata),
        {each.field: each.description for each in wrong.field_violations},
    )
    return error


def from_rpc_error(failure: Any) -> ServiceError:
    """
    Give the error that a failed gRPC call stands for.

    Args:
        failure: the `grpc.RpcError`; typed loosely so that this module needs no gRPC.

    Returns:
        The error that the server raised; else, for what gRPC itself or the gateway says, TryAgain,
        TooLate, TooManyCalls, SignInNeeded or NotAvailable by its code; else OurFault.
    """
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            found = from_status(status_pb2.Status.FromString(value))
            if found is not None:
                return found
    without_details = {
        code_pb2.UNAVAILABLE: TryAgain,
        code_pb2.DEADLINE_EXCEEDED: TooLate,
        code_pb2.RESOURCE_EXHAUSTED: TooManyCalls,
        code_pb2.UNAUTHENTICATED: SignInNeeded,
        code_pb2.PERMISSION_DENIED: NotAvailable,
    }
    number: int = failure.code().value[0]
    return without_details.get(number, OurFault)()
