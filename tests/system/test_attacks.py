"""
What somebody may try who is signed in, who holds a service's certificate, or a database login.

R9, R10, R23: everybody else learns nothing, not even that there is something.
"""

from __future__ import annotations

import base64
import datetime
import importlib
import time
import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from psycopg import sql
from sas.cases.v1 import cases_pb2, cases_pb2_grpc
from sas.common.v1 import access_pb2, purpose_pb2
from sas.consent.v1 import records_pb2, records_pb2_grpc
from sas.identity.v1 import staff_members_pb2, staff_members_pb2_grpc
from sas_ext import ext_authz_pb2, ext_authz_pb2_grpc

from clients.gateway import understood_errors
from common.errors import NotAvailable, SignInNeeded
from deploy.demo import people
from deploy.demo.people import Person
from deploy.gateway.rpcs import Rpc
from deploy.vault.idp import add_account
from tests.kit import breaching, deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.system.calls import CALLS, Json, in_path, json_name, method_of, path, plausible
from tests.system.thief import (
    caller_token_of,
    channel_as,
    channel_without_certificate,
    database_as,
)

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

ONES_OWN = {"identity.GetSession", "identity.SignOut"}
STUDENTS = {
    "consent.GetConsent",
    "consent.GiveConsent",
    "consent.ListAccesses",
    "consent.ListConsents",
    "consent.RefuseConsent",
    "consent.WithdrawConsent",
    "identity.CompleteRegistrationForm",
    "identity.DeclineRegistrationForm",
}
"""What a student calls for their own things; somebody else's are tried as well."""
LEDGER = {
    "consent.GetCheckpoint",
    "consent.GetLedgerHealth",
    "consent.GetProof",
    "consent.ListLedgerEntries",
}
OWN_REQUESTS = {
    "cases.ListAccessRequests",
    "cases.RequestAccess",
    "consent.ListAccesses",
    "consent.ListNameRequests",
}
"""What a student asks for about themselves, without naming anything, and the lists of that."""
PASSKEYS = {
    "identity.AddPasskey",
    "identity.BeginPasskey",
    "identity.ListPasskeys",
    "identity.RemovePasskey",
}
"""What a student does with passkeys of their own; of the others' they can name none."""
NAMES_SEVERAL = {"cases.PrintItems": ("items", "notes")}
"""Calls that need a list of names: in which field, and of what."""
THIEVES = ("reports", "gateway", "identity", "cases")


@pytest.fixture(scope="module")
def file(stack: FullStack) -> Mapping[str, str]:
    """Give the student's things, by the collection that their names begin with."""
    case = deeds.adviser_opens_a_case(stack)
    tutor = disclosing.adviser_notes_a_tutor(stack)
    document = deeds.adviser_attaches_a_letter(stack, case)
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    names = [
        stack.student.name,
        stack.adviser.name,
        case,
        case.replace("cases/", "records/"),
        deeds.adviser_writes_a_note(stack, case),
        document,
        tutor.name,
        disclosure.name,
        disclosure.consent,
        deeds.adviser_records_an_enquiry(stack),
        breaching.adviser_drafts_a_breach(stack, case, tutor),
    ]
    redaction = disclosing.adviser_redacts(stack, document, "letter")
    return {"documents/redactions": redaction} | {each.partition("/")[0]: each for each in names}


@pytest.fixture(scope="module")
def outsiders(stack: FullStack) -> Mapping[str, Person]:
    """Give people who sign in and are not of the Service: another student, trustee, operator."""
    add_account(stack.state, "somebody-else", "not used: an account has one", "student", False)
    found = {"other student": people.sign_in(stack.state, "somebody-else")}
    for role in ("trustee", "operator"):
        add_account(stack.state, f"the-{role}", "not used: an account has one", "staff", True)
        give_role(stack, f"the-{role}", role)
        found[role] = people.sign_in(stack.state, f"the-{role}")
    return found


def give_role(stack: FullStack, username: str, role: str) -> None:
    """Admit somebody, as the manager."""
    account = people.account(stack.state, username)
    end = Timestamp()
    end.FromDatetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30))
    with understood_errors():
        stack.manager.at(staff_members_pb2_grpc.StaffMembersServiceStub).CreateStaffMember(
            staff_members_pb2.CreateStaffMemberRequest(
                display_name=username,
                role=role,
                role_ends_at=end,
                issuer=account["issuer"],
                subject=account["subject"],
                request_id=str(uuid.uuid5(people.SEED, username)),
            )
        )


# People outside the Service


@pytest.mark.parametrize(
    "rpc",
    [rpc for rpc in CALLS if not rpc.anyone and rpc.name not in ONES_OWN],
    ids=lambda rpc: rpc.name,
)
@pytest.mark.parametrize("who", ["other student", "trustee", "operator"])
def test_whoever_is_outside_the_service_learns_nothing(
    stack: FullStack,
    outsiders: Mapping[str, Person],
    file: Mapping[str, str],
    who: str,
    rpc: Rpc,
) -> None:
    """The student's own thing and one that never was give the same answer, byte for byte."""
    absent = plausible(method_of(rpc).input_type)
    there = {key: real(value, file) for key, value in absent.items()}
    if rpc.name in NAMES_SEVERAL:
        field, kind = NAMES_SEVERAL[rpc.name]
        there[field], absent[field] = [file[kind]], [f"{kind}/{uuid.uuid4()}"]
    with stack.http(outsiders[who]) as client:
        answers = [send(client, rpc, body) for body in (there, absent)]
    if rpc.name == "consent.ListConsents" or may(who, rpc):
        for answer in answers:
            assert not any(name in answer.text for name in file.values()), answer.text
        return
    assert [each.status_code for each in answers] == [403, 403], answers[0].text
    assert answers[0].content == answers[1].content
    assert answers[0].json()["details"][0]["reason"] == "NOT_AVAILABLE"


def may(who: str, rpc: Rpc) -> bool:
    """Whether this is for them: a student's own list, an auditor's ledger, an operator's counts."""
    if who == "other student":
        return rpc.name in PASSKEYS | OWN_REQUESTS
    return rpc.name in LEDGER or (who == "operator" and rpc.name == "consent.CountBreaches")


def real(value: object, file: Mapping[str, str]) -> object:
    """Put the student's own thing in place of a name of nothing."""
    if "/" not in str(value):
        return value
    collection, *below = str(value).split("/")
    return file.get("/".join([collection, *below[1:2]]), value)


def send(client: httpx.Client, rpc: Rpc, body: Mapping[str, object]) -> httpx.Response:
    """Make a call as JSON."""
    at_path = {json_name(each) for each in in_path(rpc)}
    rest: Json = {key: value for key, value in body.items() if key not in at_path}
    if rpc.http_method == "GET":
        return client.get(path(rpc, body), params=rest)
    return client.post(path(rpc, body), json=rest)


def test_there_are_students_calls_among_them() -> None:
    """Or the names above are out of date."""
    assert {rpc.name for rpc in CALLS} >= STUDENTS | LEDGER | ONES_OWN | PASSKEYS


def test_the_student_sees_who_tried(stack: FullStack, file: Mapping[str, str]) -> None:
    """A refused look by somebody outside stands in her list; another student's list has none."""
    with stack.http(stack.student) as student, stack.http(stack.other_student) as other:
        deeds.adviser_reads_a_note(stack, file["notes"])
        seen = student.get("/v1/accesses").json()["accesses"]
        assert seen[0]["action"] == "case_note:read"
        assert not other.get("/v1/accesses").json().get("accesses")


def test_nobody_lists_what_another_student_was_asked(
    stack: FullStack, file: Mapping[str, str], outsiders: Mapping[str, Person]
) -> None:
    for who in outsiders.values():
        with stack.http(who) as client:
            found = client.get("/v1/consents", params={"student": file["students"]})
        assert not found.json().get("consents"), found.text


# A link


def test_a_code_cannot_be_guessed(stack: FullStack) -> None:
    """Five wrong codes, and not even the right one opens the letter; the link is worth nothing."""
    link, code = disclosing.sent_letter(stack)
    right = disclosing.tutor_collects(stack, link, code)
    assert base64.b64decode(right.json()["content"]).startswith(b"%PDF-")
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    refused = [disclosing.tutor_collects(stack, link, wrong) for _ in range(5)]
    refused.append(disclosing.tutor_collects(stack, link, code))
    refused.append(disclosing.tutor_collects(stack, "x" * len(link), code))
    assert {(each.status_code, each.content) for each in refused} == {(403, refused[0].content)}


# A session and a caller token


def test_a_session_that_has_ended_opens_nothing(stack: FullStack) -> None:
    """R19, R20: by signing out, or, for staff, by signing in somewhere else."""
    add_account(stack.state, "of-two-devices", "secret enough", "staff", False)
    give_role(stack, "of-two-devices", "trustee")
    first, second = (people.sign_in(stack.state, "of-two-devices") for _ in range(2))
    with stack.http(first) as at_first, stack.http(second) as at_second:
        ended = [at_first.get("/v1/session")]
        assert at_second.get("/v1/session").json()["person"] == second.name
        assert at_second.post("/v1/session:signOut", json={}).status_code == 200
        ended.append(at_second.get("/v1/session"))
    assert [each.status_code for each in ended] == [401, 401]
    assert {each.json()["details"][0]["reason"] for each in ended} == {"SIGN_IN_NEEDED"}


@pytest.mark.long
def test_a_caller_token_is_worth_nothing_after_a_minute(stack: FullStack) -> None:
    token = caller_token_of(stack, stack.adviser)
    with channel_as(stack, "gateway", "cases") as channel, understood_errors():
        cases = cases_pb2_grpc.CasesServiceStub(channel)
        cases.ListCases(cases_pb2.ListCasesRequest(), metadata=token, timeout=5)
        time.sleep(66)  # a minute, and what clocks may differ
        with pytest.raises(SignInNeeded), understood_errors():
            cases.ListCases(cases_pb2.ListCasesRequest(), metadata=token, timeout=5)


# A service's certificate


BETWEEN_SERVICES = [
    method
    for name in ("breach_procedure", "consents", "gate", "records", "releases")
    for service in importlib.import_module(
        f"sas.consent.v1.{name}_pb2"
    ).DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if method.GetOptions().Extensions[access_pb2.access].door == access_pb2.DOOR_SERVICE
]


@pytest.mark.parametrize("method", BETWEEN_SERVICES, ids=lambda method: method.name)
def test_what_is_between_services_has_no_way_in(stack: FullStack, method: MethodDescriptor) -> None:
    """Neither as gRPC nor as JSON."""
    name, request = named(method)
    with pytest.raises(grpc.RpcError) as refused:
        stack.adviser.gateway.stub(partial(raw, name=name))(request, timeout=5)
    assert refused.value.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED)
    with stack.http(stack.adviser) as client:
        assert client.post(name, json={}).status_code == 404


@pytest.mark.parametrize("thief_of", THIEVES)
@pytest.mark.parametrize("method", BETWEEN_SERVICES, ids=lambda method: method.name)
def test_a_stolen_certificate_is_good_for_its_own_calls_only(
    stack: FullStack,
    certificates: Mapping[str, grpc.Channel],
    thief_of: str,
    method: MethodDescriptor,
) -> None:
    """Even with the caller token of an adviser at hand."""
    name, request = named(method)
    callers = method.GetOptions().Extensions[access_pb2.access].callers
    token = caller_token_of(stack, stack.adviser)
    with pytest.raises(grpc.RpcError) as refused:
        raw(certificates[thief_of], name)(request, timeout=5, metadata=token)
    code = refused.value.code()
    if thief_of in callers:
        assert code == grpc.StatusCode.INVALID_ARGUMENT  # let in, and the request is empty
    else:
        assert code == grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture(scope="module")
def certificates(stack: FullStack) -> Iterator[Mapping[str, grpc.Channel]]:
    """Connect to consent with the certificate of each."""
    thieves = {each: channel_as(stack, each, "consent") for each in THIEVES}
    yield {each: thief.__enter__() for each, thief in thieves.items()}
    for thief in thieves.values():
        thief.__exit__(None, None, None)


def test_no_service_opens_anything_without_a_caller(
    stack: FullStack, file: Mapping[str, str]
) -> None:
    """The whole of cases in a thief's hands, but nobody signed in: consent opens no record."""
    request = records_pb2.OpenRecordRequest(
        record=file["records"],
        action="case_note:read",
        purpose=purpose_pb2.PURPOSE_ADVICE,
        items=[records_pb2.SealedItem(item=file["notes"], wrapped_key="vault:v1:AAAA")],
        about=file["notes"],
    )
    with channel_as(stack, "cases", "consent") as channel:
        records = records_pb2_grpc.RecordsServiceStub(channel)
        with pytest.raises(SignInNeeded), understood_errors():
            records.OpenRecord(request, timeout=5)
        with pytest.raises(SignInNeeded), understood_errors():
            records.OpenRecord(request, timeout=5, metadata=(("x-sas-caller", "e30.e30.e30"),))


def test_only_the_gateway_turns_sessions_into_callers(stack: FullStack) -> None:
    request = ext_authz_pb2.CheckRequest()
    request.attributes.request.http.headers["authorization"] = f"Bearer {stack.adviser.token}"
    with channel_as(stack, "cases", "identity") as channel:
        check = ext_authz_pb2_grpc.AuthorizationStub(channel).Check
        with pytest.raises(NotAvailable), understood_errors():
            check(request, timeout=5)


@pytest.mark.parametrize("service", ["identity", "cases", "consent", "reports"])
def test_without_a_certificate_nobody_answers(stack: FullStack, service: str) -> None:
    with channel_without_certificate(stack, service) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            raw(channel, "/grpc.health.v1.Health/Check")(b"", timeout=3)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


def raw(channel: grpc.Channel, name: str) -> Any:
    """Give a call of bytes to bytes."""
    return channel.unary_unary(name)


def named(method: MethodDescriptor) -> tuple[str, bytes]:
    """Give a method's path, and an empty request."""
    service = method.containing_service.full_name
    request = GetMessageClass(method.input_type)()
    return f"/{service}/{method.name}", request.SerializeToString()


# A database login

FORBIDDEN = [
    ("cases-serve", "UPDATE notes SET sealed = NULL"),
    ("cases-serve", "UPDATE notes SET author = author"),
    ("cases-serve", "DELETE FROM notes"),
    ("cases-serve", "TRUNCATE notes CASCADE"),
    ("cases-serve", "DROP TABLE notes"),
    ("cases-serve", "DELETE FROM disposals"),
    ("cases-serve", "SET ROLE cases_owner"),
    ("cases-work", "SELECT sealed FROM notes"),
    ("cases-work", "DELETE FROM disposals"),
    ("consent-serve", "UPDATE entries SET effect = 'allow'"),
    ("consent-serve", "DELETE FROM entries"),
    ("consent-serve", "TRUNCATE entries"),
    ("consent-serve", "UPDATE consents SET recipient = ''"),
    ("consent-serve", "DELETE FROM consent_events"),
    ("consent-serve", "SET ROLE consent_owner"),
    ("consent-work", "INSERT INTO entries SELECT * FROM entries"),
    ("consent-work", "UPDATE entries SET effect = 'allow'"),
    ("consent-work", "DELETE FROM disposals"),
    ("reports-serve", "UPDATE reports SET rows = '[]'"),
    ("reports-serve", "DELETE FROM reports"),
]


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_a_database_login_cannot_rewrite_what_was_written(
    stack: FullStack, role: str, statement: str
) -> None:
    with (
        database_as(stack, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql.SQL(statement))


@pytest.mark.parametrize("database", ["identity", "consent", "reports"])
def test_a_database_login_is_for_one_database(stack: FullStack, database: str) -> None:
    with (
        pytest.raises(psycopg.OperationalError, match="permission denied"),
        database_as(stack, "cases-serve", database),
    ):
        pass
