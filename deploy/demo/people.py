"""The people of the story, and how they sign in."""

from __future__ import annotations

import datetime
import json
import uuid

import attrs
from google.protobuf.timestamp_pb2 import Timestamp
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc, staff_members_pb2
from sas.identity.v1 import staff_members_pb2_grpc as staff_grpc

from clients.gateway import Gateway, Stub, understood_errors
from deploy import command
from deploy.state import State
from deploy.vault import signin

STAFF = {"grace": "manager", "ada": "adviser", "mary": "adviser", "joan": "adviser"}
DISPLAY_NAMES = {
    "grace": "Grace Okonkwo",
    "ada": "Ada Whitfield",
    "mary": "Mary Szymańska",
    "joan": "Joan de la Cruz",
}
SEED = uuid.UUID("6f1c54d2-35a2-4b0f-8a53-6f2f6f0d5a11")


@attrs.frozen
class Person:
    """Somebody signed in, as the story uses them."""

    name: str
    """The resource name: `staffMembers/...` or `students/...`."""
    second_factor: bool
    token: str = attrs.field(repr=False)
    gateway: Gateway = attrs.field(repr=False)

    def at(self, stub_class: type[Stub]) -> Stub:
        """Return a stub with this person's session."""
        return self.gateway.stub(stub_class)


def address(state: State) -> str:
    """Return the gateway's address."""
    return f"localhost:{state.port('gateway')}"


def account(state: State, username: str) -> dict[str, str]:
    """Return an embedded identity provider's account: password, subject, TOTP secret if any."""
    accounts = json.loads((state / "secrets/idp-accounts.json").read_text())
    found: dict[str, str] = accounts[username]
    return found


def sign_in(state: State, username: str) -> Person:
    """Sign in through the gateway, with the identity provider's page driven as a browser would."""
    ca_file = state / "tls/ca.pem"
    known = account(state, username)
    anonymous = Gateway(address(state), ca_file)
    sessions = anonymous.stub(sessions_pb2_grpc.SessionsServiceStub)
    with understood_errors():
        begun = sessions.StartSignIn(
            sessions_pb2.StartSignInRequest(redirect_uri="http://127.0.0.1:17999/callback")
        )
        code, returned = signin.authorise(
            state, begun.authorization_url, username, known["password"], known.get("totp_secret")
        )
        done = sessions.CompleteSignIn(
            sessions_pb2.CompleteSignInRequest(state=returned, code=code)
        )
    anonymous.close()
    return Person(
        name=done.session.person,
        second_factor=done.session.second_factor,
        token=done.session_token,
        gateway=Gateway(address(state), ca_file, done.session_token),
    )


def appoint_first_manager(state: State) -> None:
    """Admit the first manager by the operator's command; a later run finds her there."""
    command.run(
        state,
        "identity-serve",
        ["appoint"],
        words=json.dumps(
            {
                "display_name": DISPLAY_NAMES["grace"],
                "subject": account(state, "grace")["subject"],
                "ends_on": _role_end().date().isoformat(),
            }
        ),
        capture=True,
    )


def admit_colleagues(state: State, manager: Person) -> None:
    """Admit the other members of staff through the gateway, as the manager."""
    issuer = account(state, "grace")["issuer"]
    end = Timestamp()
    end.FromDatetime(_role_end())
    with understood_errors():
        for username, role in STAFF.items():
            if username == "grace":
                continue
            manager.at(staff_grpc.StaffMembersServiceStub).CreateStaffMember(
                staff_members_pb2.CreateStaffMemberRequest(
                    display_name=DISPLAY_NAMES[username],
                    role=role,
                    role_ends_at=end,
                    issuer=issuer,
                    subject=account(state, username)["subject"],
                    mail_address=mail_address(username),
                    request_id=str(uuid.uuid5(SEED, username)),
                )
            )


def mail_address(username: str) -> str:
    """Return where a member of staff is told that something waits for them."""
    return f"{username}@staff.example"


def _role_end() -> datetime.datetime:
    """Return a year from now: roles have an end."""
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=364)
