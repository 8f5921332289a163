"""
The gateway's question, asked for every call: may it go on, and as whom? (Envoy's ext_authz.)

A session's secret comes in as a bearer token or a cookie and never goes further: it is replaced by
a signed caller token. No session, an ended one and a made-up one are answered with the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import grpc
import structlog
from google.protobuf.json_format import MessageToJson
from google.rpc import code_pb2, status_pb2
from sas_ext import ext_authz_pb2 as pb
from sas_ext import ext_authz_pb2_grpc

from common.caller import METADATA_KEY
from common.errors import ServiceError, SignInNeeded, TryAgain, to_status
from services.identity.actions import sessions
from services.identity.actions.caller_tokens import CallerTokens
from services.identity.actions.parts import Parts
from services.identity.domain.sessions import Session

log = structlog.get_logger()

COOKIE = "__Host-sas"
BEARER = "bearer "
# What came from outside and must not be believed, or known, inside.
NOT_INSIDE = ("authorization", "cookie")
REPLACE = 2  # OVERWRITE_IF_EXISTS_OR_ADD
HTTP_STATUS = {SignInNeeded: 401, TryAgain: 503}


@attrs.frozen
class AuthorizationServicer(ext_authz_pb2_grpc.AuthorizationServicer):
    """See `sas_ext/ext_authz.proto`."""

    parts: Parts
    caller_tokens: CallerTokens

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        headers = request.attributes.request.http.headers
        try:
            return _goes_on(self.caller_tokens.token(self._session(headers)))
        except SignInNeeded as error:
            return _ends(error)
        except ServiceError:
            return _ends(TryAgain())
        except Exception as error:  # whatever it is, the answer is no, and never Envoy's own words
            log.exception("authorization_failed", because=type(error).__name__)
            return _ends(TryAgain())

    def _session(self, headers: Mapping[str, str]) -> Session:
        token = token_in(headers)
        if token is None:
            raise SignInNeeded
        return sessions.check(self.parts, token)


def token_in(headers: Mapping[str, str]) -> str | None:
    """Return the session's secret in a call's *headers*, of a program or of a browser."""
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith(BEARER):
        return authorization[len(BEARER) :].strip() or None
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value or None
    return None


def _goes_on(caller_token: str) -> pb.CheckResponse:
    return pb.CheckResponse(
        status=status_pb2.Status(code=code_pb2.OK),
        ok_response=pb.OkHttpResponse(
            headers=[_header(METADATA_KEY, caller_token)], headers_to_remove=NOT_INSIDE
        ),
    )


def _ends(error: ServiceError) -> pb.CheckResponse:
    """End the call here. For a caller who speaks gRPC, the gateway makes trailers of it."""
    status = to_status(error)
    return pb.CheckResponse(
        status=status_pb2.Status(code=error.code),
        denied_response=pb.DeniedHttpResponse(
            status=pb.HttpStatus(code=HTTP_STATUS[type(error)]),
            headers=[
                _header("content-type", "application/json"),
                _header("cache-control", "no-store"),
            ],
            body=MessageToJson(status, indent=None),
        ),
    )


def _header(name: str, value: str) -> pb.HeaderValueOption:
    return pb.HeaderValueOption(header=pb.HeaderValue(key=name, value=value), append_action=REPLACE)
