"""1. Signing in, with and without a second factor."""

from __future__ import annotations

from sas.cases.v1 import cases_pb2, cases_pb2_grpc

from clients.gateway import Gateway, understood_errors
from common.errors import SecondFactorNeeded
from deploy.demo import people
from deploy.demo.setting import Setting
from deploy.demo.story import Story
from deploy.state import State


def tell(story: Story, state: State) -> Setting:
    """Sign everybody in, and try a staff session without a second factor."""
    story.chapter(1, "A staff member and a student sign in", "R9", "R20")
    story.say(
        "The first manager was appointed by the operator's command. She signs in at the embedded "
        "identity provider (OIDC, authorization code with PKCE, a one-time code as second factor) "
        "and admits her colleagues."
    )
    people.appoint_first_manager(state)
    manager = people.sign_in(state, "grace")
    people.admit_colleagues(state, manager)
    adviser = people.sign_in(state, "ada")
    student = people.sign_in(state, "zao23")
    story.check("the adviser has a second factor", adviser.second_factor)
    story.check("the student signed in with a password only", not student.second_factor)
    story.check("the student is known by a random name", student.name.startswith("students/"))
    joan = people.sign_in(state, "joan")
    with (
        story.refused("without a second factor a staff session lists no cases", SecondFactorNeeded),
        understood_errors(),
    ):
        joan.at(cases_pb2_grpc.CasesServiceStub).ListCases(cases_pb2.ListCasesRequest())
    return Setting(
        state=state,
        story=story,
        anybody=Gateway(people.address(state), state / "tls/ca.pem"),
        manager=manager,
        adviser=adviser,
        colleague=people.sign_in(state, "mary"),
        student=student,
    )
