"""Signing in and out."""

from __future__ import annotations

import attrs
import grpc
from sas.identity.v1 import sessions_pb2 as pb
from sas.identity.v1 import sessions_pb2_grpc

from common.caller import current_caller
from services.identity.actions import sessions, sign_in
from services.identity.actions.parts import Parts
from services.identity.api.times import timestamp
from services.identity.domain.sessions import STAFF, Session


@attrs.frozen
class SessionsServicer(sessions_pb2_grpc.SessionsServiceServicer):
    """See `sas/identity/v1/sessions.proto`."""

    parts: Parts

    def StartSignIn(
        self, request: pb.StartSignInRequest, context: grpc.ServicerContext
    ) -> pb.StartSignInResponse:
        begun = sign_in.start(self.parts, request.redirect_uri)
        return pb.StartSignInResponse(
            authorization_url=begun.authorization_url,
            state=begun.state,
            expires_at=timestamp(begun.expires_at),
        )

    def CompleteSignIn(
        self, request: pb.CompleteSignInRequest, context: grpc.ServicerContext
    ) -> pb.CompleteSignInResponse:
        done = sign_in.complete(self.parts, request.state, request.code)
        return pb.CompleteSignInResponse(session_token=done.token, session=to_proto(done.session))

    def GetSession(
        self, request: pb.GetSessionRequest, context: grpc.ServicerContext
    ) -> pb.Session:
        return to_proto(sessions.mine(self.parts, current_caller()))

    def SignOut(
        self, request: pb.SignOutRequest, context: grpc.ServicerContext
    ) -> pb.SignOutResponse:
        sessions.sign_out(self.parts, current_caller())
        return pb.SignOutResponse()


def to_proto(session: Session) -> pb.Session:
    """Translate a session."""
    return pb.Session(
        person=session.person,
        kind=pb.PERSON_KIND_STAFF if session.kind == STAFF else pb.PERSON_KIND_STUDENT,
        roles=sorted(session.roles),
        second_factor=session.second_factor,
        expires_at=timestamp(session.expires_at),
    )
