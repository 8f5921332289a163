"""Errors are the same on both sides of a call."""

from __future__ import annotations

import attrs
import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from sas.common.v1.errors_pb2 import ErrorReason

from common import errors

ONE_OF_EACH = [
    errors.NotAvailable(),
    errors.SignInNeeded(),
    errors.SecondFactorNeeded(),
    errors.PasskeyNeeded(),
    errors.InvalidFields({"situation": "is too long", "parent": "is missing"}),
    errors.StaleEtag(),
    errors.RequestIdReused(),
    errors.WrongState("The case is closed."),
    errors.RefusedByPolicy(["no_consent", "wall"]),
    errors.TryAgain(),
    errors.TooManyCalls(),
    errors.OurFault("0af7651916cd43dd8448eb211c80319c"),
    errors.SignInFailed(),
    errors.DeadlineNeeded(),
    errors.TooLate(),
    errors.NotPublishable("Fewer than five."),
]


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_as_itself(error: errors.ServiceError) -> None:
    wire = status_pb2.Status.FromString(errors.to_status(error).SerializeToString())
    back = errors.from_status(wire)
    assert type(back) is type(error)
    assert (back.message, back.metadata, back.violations) == (
        error.message,
        error.metadata,
        error.violations,
    )


def test_every_reason_has_its_error() -> None:
    named = {error.reason for error in ONE_OF_EACH}
    assert named == set(ErrorReason.values()) - {ErrorReason.ERROR_REASON_UNSPECIFIED}


def test_the_reasons_of_the_policy_are_a_set() -> None:
    assert errors.RefusedByPolicy(["b", "a", "b"]).reasons == ("a", "b")
    assert errors.RefusedByPolicy([]).reasons == ()


def test_somebody_elses_status_is_none_of_ours() -> None:
    status = status_pb2.Status(code=code_pb2.PERMISSION_DENIED)
    assert errors.from_status(status) is None
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain="sas.example", reason="TRY_AGAIN"))
    assert errors.from_status(status) is None
    assert errors.from_status(status_pb2.Status()) is None


def test_a_reason_that_is_newer_than_we_are_is_not_mistaken() -> None:
    status = status_pb2.Status(code=code_pb2.ABORTED)
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain="sas", reason="NEWER"))
    assert errors.from_status(status) is None


@attrs.frozen
class Failure:
    """What gRPC raises when a call failed, as far as we look at it."""

    status: grpc.StatusCode
    trailers: tuple[tuple[str, bytes], ...] | None = None

    def code(self) -> grpc.StatusCode:
        """Give the status."""
        return self.status

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...] | None:
        """Give what came after the answer."""
        return self.trailers


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.TryAgain),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.TooLate),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.TooManyCalls),
        (grpc.StatusCode.UNAUTHENTICATED, errors.SignInNeeded),
        (grpc.StatusCode.PERMISSION_DENIED, errors.NotAvailable),
        (grpc.StatusCode.INTERNAL, errors.OurFault),
        (grpc.StatusCode.UNKNOWN, errors.OurFault),
        (grpc.StatusCode.UNIMPLEMENTED, errors.OurFault),
    ],
)
def test_what_grpc_or_the_gateway_says_by_itself_has_its_error(
    status: grpc.StatusCode, expected: type[errors.ServiceError]
) -> None:
    assert type(errors.from_rpc_error(Failure(status))) is expected
    nonsense = (("grpc-status-details-bin", b""), ("other", b"x"))
    assert type(errors.from_rpc_error(Failure(status, nonsense))) is expected


def test_errors_cannot_be_changed_after_they_are_made() -> None:
    error = errors.NotAvailable()
    with pytest.raises(AttributeError):
        error.message = "She is not here."  # type: ignore[misc]
