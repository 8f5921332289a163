"""
Identity's server in this process, with consent beside it.

The server is behind its own interceptors and mutual TLS; it runs here so that a test can set the
clock. A test calls as the gateway does: with the gateway's certificate, and with the caller token
that identity gave for a session.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import (
    sessions_pb2,
    sessions_pb2_grpc,
    staff_members_pb2,
    staff_members_pb2_grpc,
    students_pb2,
    students_pb2_grpc,
    third_parties_pb2_grpc,
)
from sas_ext import ext_authz_pb2, ext_authz_pb2_grpc

from common import config
from common.caller import Caller, CallerTokens, calling
from common.db import Database
from common.errors import ServiceError, SignInNeeded, to_status
from common.rpc.server import Server
from common.vault import Vault
from deploy import command
from deploy.vault import idp, signin
from services.identity import __main__ as identity
from services.identity.actions.caller_tokens import CallerTokens as Mint
from services.identity.config import Settings
from tests.kit import house

CALLBACK = "http://127.0.0.1:28999/callback"


class Clock:
    """The time, and how far a test has moved it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC) + self.ahead

    @contextmanager
    def later(self, **by: float) -> Iterator[None]:
        """Be *by* so much later for the time of the block (the arguments of timedelta)."""
        self.ahead = timedelta(**by)
        try:
            yield
        finally:
            self.ahead = timedelta()


class House(house.House):
    """Identity's server in this process, consent beside it, and what the gateway calls."""

    service = "identity"
    databases = ("consent", "identity")
    processes = ("consent-serve",)

    def move_in(self) -> None:
        """Serve identity here, with the login of `identity-serve`, and be the gateway."""
        self._last = ExitStack()
        own_file = self._last.enter_context(command.settings(self.state, "identity-serve"))
        own = config.load(own_file, Settings)
        self.own_vault = Vault.login(own.vault)
        self._last.callback(self.own_vault.close)
        database = Database(own.database, self.own_vault)
        self._last.callback(database.close)
        self.clock = Clock()
        self.parts = attrs.evolve(identity.parts(own, self.own_vault, database), clock=self.clock)
        servicers = identity.servicers(self.parts, Mint(self.own_vault))
        server = Server(own, self.own_vault, servicers, database.answers)
        server.start()
        self._last.callback(server.stop, lame_duck=0, grace=1)
        self.gateway = self.peer("identity")
        self.tokens = CallerTokens(self.own_vault)

    def close(self) -> None:
        """End it."""
        if hasattr(self, "_last"):
            self._last.close()
        super().close()

    def at(self, stub_class: Any) -> Any:
        """Give a stub on identity, as the gateway has it."""
        return self.gateway.stub(stub_class)

    @property
    def sessions(self) -> Any:
        """The service of sessions."""
        return self.at(sessions_pb2_grpc.SessionsServiceStub)

    @property
    def students(self) -> Any:
        """The service of students."""
        return self.at(students_pb2_grpc.StudentsServiceStub)

    @property
    def staff_members(self) -> Any:
        """The service of staff members."""
        return self.at(staff_members_pb2_grpc.StaffMembersServiceStub)

    @property
    def third_parties(self) -> Any:
        """The service of third parties."""
        return self.at(third_parties_pb2_grpc.ThirdPartiesServiceStub)

    # Signing in

    def begin(self) -> sessions_pb2.StartSignInResponse:
        """Begin a sign-in."""
        begun: sessions_pb2.StartSignInResponse = self.sessions.StartSignIn(
            sessions_pb2.StartSignInRequest(redirect_uri=CALLBACK)
        )
        return begun

    def authorise(self, username: str, url: str) -> tuple[str, str]:
        """Do at the identity provider what a person does; give code and state."""
        account = idp.known_accounts(self.state)[username]
        return signin.authorise(
            self.state, url, username, account["password"], account.get("totp_secret")
        )

    def complete(self, state: str, code: str) -> str:
        """End a sign-in; give the session's token."""
        done = self.sessions.CompleteSignIn(
            sessions_pb2.CompleteSignInRequest(state=state, code=code)
        )
        return str(done.session_token)

    def sign_in(self, username: str) -> str:
        """Sign somebody in; give the session's token."""
        code, state = self.authorise(username, self.begin().authorization_url)
        return self.complete(state, code)

    def check(self, **headers: str) -> ext_authz_pb2.CheckResponse:
        """Ask identity about a call with these headers."""
        http = ext_authz_pb2.AttributeContext.HttpRequest(method="GET", path="/", headers=headers)
        request = ext_authz_pb2.AttributeContext.Request(http=http)
        answer: ext_authz_pb2.CheckResponse = self.at(ext_authz_pb2_grpc.AuthorizationStub).Check(
            ext_authz_pb2.CheckRequest(attributes=ext_authz_pb2.AttributeContext(request=request))
        )
        return answer

    def caller(self, token: str) -> Caller:
        """Give what the services inside learn of a session, as the gateway puts it in."""
        answer = self.check(authorization=f"Bearer {token}")
        if not answer.HasField("ok_response"):
            raise SignInNeeded
        (header,) = answer.ok_response.headers
        assert header.header.key == "x-sas-caller"
        return self.tokens.verify(header.header.value)

    # Staff members

    def appoint(self, name: str, subject: str) -> subprocess.CompletedProcess[str]:
        """Run the operator's command."""
        ends_on = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
        words = json.dumps({"display_name": name, "subject": subject, "ends_on": ends_on})
        return command.run(self.state, "identity-serve", ["appoint"], words=words, capture=True)

    def admit(
        self, manager: Caller, username: str, name: str, **changes: Any
    ) -> staff_members_pb2.StaffMember:
        """Admit somebody as an adviser for a hundred days, except for *changes*."""
        account = idp.known_accounts(self.state)[username]
        given: dict[str, Any] = {
            "display_name": name,
            "role": "adviser",
            "role_ends_at": Timestamp(seconds=int(datetime.now(UTC).timestamp()) + 100 * 86_400),
            "issuer": account["issuer"],
            "subject": account["subject"],
            "request_id": str(uuid4()),
        }
        with calling(manager):
            admitted: staff_members_pb2.StaffMember = self.staff_members.CreateStaffMember(
                staff_members_pb2.CreateStaffMemberRequest(**(given | changes))
            )
        return admitted

    # Students

    def register(self, caller: Caller, **form: str) -> students_pb2.Student:
        """Register a student."""
        with calling(caller):
            made: students_pb2.Student = self.students.RegisterStudent(
                students_pb2.RegisterStudentRequest(
                    form=students_pb2.RegistrationForm(**form), request_id=str(uuid4())
                )
            )
        return made

    def find(self, caller: Caller, crsid: str) -> str:
        """Find a student by CRSid; give the name, or nothing."""
        with calling(caller):
            found = self.students.FindStudent(students_pb2.FindStudentRequest(crsid=crsid))
        return str(found.student.name)

    def complete_form(
        self, caller: Caller, name: str, etag: str = "", **form: str
    ) -> students_pb2.Student:
        """Fill in a registration form."""
        with calling(caller):
            done: students_pb2.Student = self.students.CompleteRegistrationForm(
                students_pb2.CompleteRegistrationFormRequest(
                    student=name, form=students_pb2.RegistrationForm(**form), etag=etag
                )
            )
        return done

    def decline_form(self, caller: Caller, name: str) -> students_pb2.Student:
        """Say no to a registration form."""
        with calling(caller):
            done: students_pb2.Student = self.students.DeclineRegistrationForm(
                students_pb2.DeclineRegistrationFormRequest(student=name)
            )
        return done

    def open_form(self, caller: Caller, name: str) -> students_pb2.RegistrationForm:
        """Open a registration form: one's own, or to advise."""
        own = caller.kind == "student"
        purpose = purpose_pb2.PURPOSE_OWN_RECORD if own else purpose_pb2.PURPOSE_ADVICE
        with calling(caller):
            form: students_pb2.RegistrationForm = self.students.GetRegistrationForm(
                students_pb2.GetRegistrationFormRequest(student=name, purpose=purpose)
            )
        return form

    # The database, as its superuser

    def everything(self, *tables: str) -> str:
        """Give all rows of these tables as text."""
        return "\n".join(str(self.sql(f"select t::text from {table} t")) for table in tables)  # noqa: S608


def refusal(error: pytest.ExceptionInfo[ServiceError]) -> bytes:
    """Give an error as it goes over the wire."""
    status: bytes = to_status(error.value).SerializeToString(deterministic=True)
    return status
