"""What the tests of the gateway call, and how they read an answer."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

ID = "51f0b2f6-0d93-4a3b-9c55-7f6d5c0a7a11"
CASE = "cases/0b1f8a52-6f0e-4c39-9b52-2d2a5a2f8f0e"
NOTE = f"notes/{ID}"
CANARY = "canary-jd101"
WRITE = f"/v1/{CASE}/notes"
READ = f"/v1/{NOTE}"


def refusing(code: int, reason: str) -> Any:
    """Answer every call with this error and its details, as services do."""
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sas"))
    status = status_pb2.Status(code=code, message="No.", details=[info])

    def answer(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort_with_status(rpc_status.to_status(status))
        return b""

    return answer


def assert_says(answer: httpx.Response, http: int, code: int, reason: str) -> dict[str, Any]:
    """Check that this is a `google.rpc.Status` with that reason, and give it."""
    assert answer.status_code == http, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    status: dict[str, Any] = answer.json()
    assert status["code"] == code
    assert status["message"]
    assert status["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (status["details"][0]["reason"], status["details"][0]["domain"]) == (reason, "sas")
    for value in status["details"][0].get("metadata", {}).values():
        assert value == answer.headers["x-sas-trace"]
    return status


def reason_of(error: grpc.RpcError) -> str:
    """Give the reason in the details of a gRPC error."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)
