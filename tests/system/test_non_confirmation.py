"""
Whoever asks from outside gets the same answer about a student of ours and about anybody.

R9: "not confirming that any student has used or is using the Service". Asked through the real
gateway, as JSON and as gRPC, on each way by which somebody could ask: status, all headers, bytes
and limits are the same. How long an answer takes is measured in `service/*/test_times*.py`.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import attrs
import httpx
import pytest
from sas.cases.v1 import disclosures_pb2, disclosures_pb2_grpc
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc, students_pb2

from clients.gateway import understood_errors
from deploy.demo import people
from deploy.demo.people import Person
from deploy.postgres import provision
from deploy.vault import signin
from deploy.vault.idp import make_account
from deploy.vault.operator import signed_in
from services.cases.domain.links import hash_token
from tests.kit import deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.system.alike import Answer, Question, compare, json_answer, told_apart
from tests.system.calls import Json, method_of, plausible

pytestmark = pytest.mark.timeout(900)

MANY, FEW = 200, 6
each_count = pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=str
)


@pytest.fixture(scope="module")
def crsid(stack: FullStack) -> str:
    """Register a student, and give the CRSid that they are found by."""
    known = f"zq{secrets.randbelow(9000) + 1000}"
    deeds.adviser_registers_a_student(stack, students_pb2.RegistrationForm(crsid=known))
    assert deeds.adviser_finds_a_student(stack, known)
    return known


def another(crsid: str) -> str:
    """Give a CRSid that is nobody's."""
    other = f"zz{secrets.randbelow(9000) + 1000}"
    return other if other != crsid else another(crsid)


def the_same_about_anybody(
    question: Question, body: Callable[[bool, int], Json], count: int
) -> set[str]:
    """Ask, insist that nothing is told apart, and give the statuses that came."""
    found = compare(question, body, count)
    assert not told_apart(found), told_apart(found)
    assert sum(found[True].values()) == sum(found[False].values()) == count
    assert len(found[True]) == 2, "one answer as JSON and one as gRPC"
    return {each.status for each in found[True]}


# The public's question


@each_count
def test_a_question_about_a_student_of_ours_and_about_anybody(
    stack: FullStack, crsid: str, count: int
) -> None:
    question = Question.named(stack, "cases.AskAboutStudent")
    known = [crsid, stack.student.name]

    def body(is_known: bool, number: int) -> Json:
        nobody = [another(crsid), f"students/{uuid4()}"]
        return {"about": (known if is_known else nobody)[number // 2 % 2], "question": "With you?"}

    assert the_same_about_anybody(question, body, count) == {"200", "OK"}


# Somebody who is signed in, and has no right


@pytest.mark.parametrize(
    "name",
    [
        "identity.FindStudent",
        "identity.GetRegistrationForm",
        "identity.CompleteRegistrationForm",
        "identity.DeclineRegistrationForm",
        "cases.OpenCase",
        "consent.ListConsents",
    ],
)
@each_count
def test_another_students_look_at_a_student_of_ours_and_at_anybody(
    stack: FullStack, crsid: str, name: str, count: int
) -> None:
    """The look-up, the form of another, their consents: the same refusal."""
    question = Question.named(stack, name, stack.other_student)
    form = plausible(method_of(question.rpc).input_type)

    def body(is_known: bool, number: int) -> Json:
        if "crsid" in form:
            return form | {"crsid": crsid if is_known else another(crsid)}
        return form | {"student": stack.student.name if is_known else f"students/{uuid4()}"}

    assert the_same_about_anybody(question, body, count) == {"403", "PERMISSION_DENIED"}


# A disclosure


@attrs.frozen
class Link:
    """A link that there is or was, with a code that does not open anything by it."""

    token: str
    code: str


def sent(stack: FullStack) -> tuple[disclosures_pb2.Disclosure, str, str]:
    """Send a letter that the student agreed to; give its link's token and its code, too."""
    tutor = disclosing.adviser_notes_a_tutor(stack, address=f"tutor-{uuid4()}@tutors.example")
    document = deeds.adviser_attaches_a_letter(stack, deeds.adviser_opens_a_case(stack))
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    disclosing.student_gives_consent(stack, disclosure)
    return disclosure, *disclosing.adviser_sends(stack, disclosure, tutor)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


@pytest.fixture(scope="module")
def links(stack: FullStack) -> Mapping[str, Link]:
    """Give a link that lives with a wrong code, and ones that ended in every way there is."""
    disclosures = stack.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub)
    found = {}
    _, link, code = sent(stack)
    found["lives"] = Link(link, wrong(code))
    _, link, code = sent(stack)
    for _ in range(6):
        disclosing.tutor_collects(stack, link, wrong(code))
    found["tried too often"] = Link(link, code)
    disclosure, link, code = sent(stack)
    with understood_errors():
        disclosures.RecallDisclosure(disclosures_pb2.RecallDisclosureRequest(name=disclosure.name))
    found["recalled"] = Link(link, code)
    disclosure, link, code = sent(stack)
    disclosing.student_withdraws_consent(stack, disclosure)
    found["withdrawn"] = Link(link, code)
    _, link, code = sent(stack)
    sql(stack, "update disclosures set link_expires_at = now() where link_hash = %s", link)
    found["too old"] = Link(link, code)
    return found


def sql(stack: FullStack, statement: str, link: str) -> None:
    """Do to a link what else only time does."""
    with provision.connect(stack.state, "cases") as connection:
        connection.execute(statement.encode(), (hash_token(link),))


@pytest.mark.long
def test_a_link_that_there_is_or_was_and_one_that_never_was(
    stack: FullStack, links: Mapping[str, Link]
) -> None:
    """A wrong code, a link tried too often, recalled, withdrawn, too old; and any 256 bits."""
    question = Question.named(stack, "cases.CollectDisclosure")
    kinds = list(links.values())

    def body(is_known: bool, number: int) -> Json:
        if not is_known:
            code = f"{secrets.randbelow(10**8):08d}"
            return {"linkToken": secrets.token_urlsafe(32), "code": code}
        link = kinds[number // 2 % len(kinds)]
        if link is links["lives"]:
            sql(stack, "update link_tries set tries = 0 where link_hash = %s", link.token)
        return {"linkToken": link.token, "code": link.code}

    assert the_same_about_anybody(question, body, MANY) == {"403", "PERMISSION_DENIED"}


# Signing in


@pytest.fixture(scope="module")
def accounts(stack: FullStack) -> Mapping[bool, list[str]]:
    """Give accounts at the provider: of students of ours (True), and of people new to us."""
    known, new = ([f"{kind}-{each}" for each in range(MANY)] for kind in ("known", "new"))
    with signed_in(stack.state) as operator:
        for username in (known[0], known[1], *new):
            make_account(operator, stack.state, username, "not used again", "student", False)
    for username in known[:2]:
        people.sign_in(stack.state, username)
    return {True: known[:2], False: new}


@pytest.mark.long
def test_signing_in_with_an_account_of_a_student_of_ours_and_of_nobody(
    stack: FullStack, accounts: Mapping[bool, list[str]]
) -> None:
    """To who watches the line, somebody's first sign-in is like any other."""
    question = Question.named(
        stack, "identity.CompleteSignIn", new=("sessionToken", "person", "expiresAt")
    )
    gateway = stack.anybody()
    sessions = gateway.stub(sessions_pb2_grpc.SessionsServiceStub)

    def body(is_known: bool, number: int) -> Json:
        username = accounts[is_known][number % len(accounts[is_known])]
        with understood_errors():
            begun = sessions.StartSignIn(
                sessions_pb2.StartSignInRequest(redirect_uri="http://127.0.0.1:17999/callback")
            )
        password = people.account(stack.state, username)["password"]
        code, state = signin.authorise(stack.state, begun.authorization_url, username, password)
        return {"state": state, "code": code}

    assert the_same_about_anybody(question, body, MANY) == {"200", "OK"}
    gateway.close()


@each_count
def test_a_sign_in_that_fails_is_the_same_whatever_was_begun(stack: FullStack, count: int) -> None:
    """A beginning that there is, with a code that there is not; and no beginning at all."""
    question = Question.named(stack, "identity.CompleteSignIn")
    gateway = stack.anybody()
    sessions = gateway.stub(sessions_pb2_grpc.SessionsServiceStub)

    def body(is_known: bool, number: int) -> Json:
        state = secrets.token_urlsafe(32)
        if is_known:
            with understood_errors():
                state = sessions.StartSignIn(
                    sessions_pb2.StartSignInRequest(redirect_uri="http://127.0.0.1:17999/callback")
                ).state
        return {"state": state, "code": secrets.token_urlsafe(32)}

    assert the_same_about_anybody(question, body, count) == {"401", "UNAUTHENTICATED"}
    gateway.close()


# Limits


@pytest.mark.long
def test_the_limits_are_the_same(stack: FullStack, crsid: str) -> None:
    """Asked too fast: who asks about a student of ours is held up just as soon, in the same way."""
    kinds = [True, False] * 150

    def asks(client: httpx.Client, is_known: bool) -> Answer:
        about = crsid if is_known else another(crsid)
        asked = {"about": about, "question": "With you?"}
        return json_answer(client.post("/v1/questions", json=asked))

    with stack.http() as client, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(partial(asks, client), kinds))
    time.sleep(5)  # others will ask, too
    found = {
        is_known: Counter(
            answer for kind, answer in zip(kinds, answers, strict=True) if kind is is_known
        )
        for is_known in (True, False)
    }
    assert set(found[True]) == set(found[False])
    assert {answer.status for answer in found[True]} == {"200", "429"}
    held_up = [sum(n for each, n in found[kind].items() if each.status == "429") for kind in found]
    assert abs(held_up[0] - held_up[1]) <= 40


# Or these tests would see nothing


def test_what_is_planted_is_found(stack: FullStack, crsid: str) -> None:
    """An adviser may know, so the same look-up tells them; and it is seen here, in both forms."""
    question = Question.named(stack, "identity.FindStudent", stack.adviser)
    found = compare(question, lambda known, _: {"crsid": crsid if known else another(crsid)}, FEW)
    assert {each.form for each in told_apart(found)} == {"JSON", "gRPC"}


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("status", "NOT_FOUND"),
        ("headers", (("x-one", "more"),)),
        ("trailers", ()),
        ("body", "Not available"),
    ],
)
def test_a_difference_in_any_part_is_found(
    stack: FullStack, crsid: str, part: str, other: Any
) -> None:
    person: Person = stack.other_student
    refused = Question.named(stack, "identity.FindStudent", person).as_grpc({"crsid": crsid})
    changed: Answer = attrs.evolve(refused, **{part: other})
    assert set(told_apart({True: Counter([refused]), False: Counter([changed])})) == {
        refused,
        changed,
    }
    assert told_apart({True: Counter([refused]), False: Counter([refused])}) == []
