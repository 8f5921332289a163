"""
Whatever comes in, a caller reads one kind of error, which repeats nobody's words; nothing is done.

Every call that the protos let in through the gateway is tried, so a new one is tried at once.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from psycopg import Connection, sql
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc, cases_pb2, cases_pb2_grpc

from deploy.demo import behind, people
from deploy.demo.people import Person
from deploy.gateway.rpcs import Rpc
from deploy.postgres import provision
from deploy.postgres.provision import SERVICES
from tests.kit import breaching, deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.system.calls import (
    CALLS,
    CANARY,
    Bad,
    Json,
    bad_requests,
    in_path,
    json_name,
    method_of,
    path,
    plausible,
)

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

each_call = pytest.mark.parametrize("rpc", CALLS, ids=lambda rpc: rpc.name)
each_call_with_a_body = pytest.mark.parametrize(
    "rpc", [rpc for rpc in CALLS if rpc.http_method == "POST"], ids=lambda rpc: rpc.name
)
each_call_for_somebody = pytest.mark.parametrize(
    "rpc", [rpc for rpc in CALLS if not rpc.anyone], ids=lambda rpc: rpc.name
)

OURS_ALONE = (
    *("Traceback", 'File "', "Error(", "Exception", "psycopg", "sqlalchemy", "SELECT", "hvac"),
    *("protobuf", "descriptor", "upstream", "envoy", "vault", "postgres", "127.0.0.1"),
)
"""What belongs in our logs, or nowhere."""

OF_A_STUDENT = {"cases.RequestAccess"}
"""Calls that only a student may make; a staff member is refused before a field is looked at."""

WRITTEN_BY_TIMERS = {"checkpoints", "cosignatures", "tiles", "outbox", "inbox"}


@pytest.fixture(scope="module")
def client(stack: FullStack) -> Iterator[httpx.Client]:
    """Give a connection that says nothing of who calls."""
    with stack.http() as client:
        yield client


@pytest.fixture(scope="module")
def rows(stack: FullStack) -> Iterator[Callable[[], Mapping[str, int]]]:
    """Give a count of the rows of all tables that calls write to."""
    connections = {each: provision.connect(stack.state, each) for each in SERVICES}
    queries = {each: _counting(connection) for each, connection in connections.items()}
    yield lambda: {
        f"{service}.{table}": int(str(number))
        for service, connection in connections.items()
        for table, number in connection.execute(queries[service]).fetchall()
    }
    for connection in connections.values():
        connection.close()


def _counting(connection: Connection[tuple[object, ...]]) -> sql.Composed:
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    return sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, count(*) FROM {}").format(str(name), sql.Identifier(str(name)))
        for (name,) in tables
        if name not in WRITTEN_BY_TIMERS
    )


def call(
    client: httpx.Client,
    rpc: Rpc,
    body: Json,
    who: Person | None = None,
    method: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Make a call as JSON."""
    session = {"authorization": f"Bearer {who.token}"} if who and not rpc.anyone else {}
    all_headers = session | dict(headers or {})
    at_path = {json_name(each) for each in in_path(rpc)}
    rest = {key: value for key, value in body.items() if key not in at_path}
    sent: Json = {"params": rest} if rpc.http_method == "GET" else {"json": rest}
    return client.request(method or rpc.http_method, path(rpc, body), headers=all_headers, **sent)


def assert_clear(answer: httpx.Response, http: int, reason: str) -> Json:
    """Check that this is a `google.rpc.Status` with that reason, in our words only; give it."""
    assert answer.status_code == http, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert CANARY not in answer.text
    assert [each for each in OURS_ALONE if each.lower() in answer.text.lower()] == []
    status: Json = answer.json()
    assert set(status) <= {"code", "message", "details"}
    assert status["message"]
    info = status["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == (reason, "sas")
    return status


def named_fields(status: Json) -> list[str]:
    """Give the fields that an error names."""
    return [
        each["field"] for detail in status["details"] for each in detail.get("fieldViolations", ())
    ]


# By its form


@each_call
def test_a_request_of_the_wrong_form_is_refused_and_its_field_named(
    stack: FullStack, client: httpx.Client, rows: Callable[[], Mapping[str, int]], rpc: Rpc
) -> None:
    who = stack.student if rpc.name in OF_A_STUDENT else stack.manager
    before = rows()
    unlike: dict[str, str] = {}
    tried = list(bad_requests(rpc))
    for bad in tried:
        if problem := _not_refused_well(call(client, rpc, bad.body, who), bad):
            unlike[bad.what] = problem
    assert tried
    assert unlike == {}
    assert rows() == before


def _not_refused_well(answer: httpx.Response, bad: Bad) -> str:
    """Say what is wrong with a refusal, or nothing."""
    try:
        status = assert_clear(answer, 400, "INVALID_FIELDS")
    except (AssertionError, KeyError, ValueError):
        return f"{answer.status_code} {answer.text[:300]}"
    if bad.field and bad.field not in named_fields(status):
        return f"does not name the field: {answer.text[:300]}"
    return ""


@each_call_with_a_body
def test_a_request_that_is_no_json_or_too_large_is_refused(
    stack: FullStack, client: httpx.Client, rows: Callable[[], Mapping[str, int]], rpc: Rpc
) -> None:
    before = rows()
    body = plausible(method_of(rpc).input_type)
    headers = {} if rpc.anyone else {"authorization": f"Bearer {stack.manager.token}"}
    headers["content-type"] = "application/json"
    there = path(rpc, body)
    for content in (f'{{"{CANARY}', f'"{CANARY}"', f"{CANARY}", "[]", "\xff\xfe"):
        answer = client.post(there, content=content.encode("latin-1"), headers=headers)
        assert_clear(answer, 400, "INVALID_FIELDS")
    size = 9 * 1024 * 1024 if rpc.name == "cases.AttachDocument" else 70 * 1024
    answer = client.post(there, content=json.dumps({CANARY: "x" * size}), headers=headers)
    assert_clear(answer, 413, "INVALID_FIELDS")
    assert rows() == before


@each_call
def test_a_path_takes_its_methods_only(client: httpx.Client, rpc: Rpc) -> None:
    body = plausible(method_of(rpc).input_type)
    for method in ("PUT", "DELETE", "PATCH"):
        assert_clear(call(client, rpc, body, method=method), 405, "NOT_AVAILABLE")


@pytest.mark.parametrize("there", ["/", "/v2/cases", f"/v1/cases/{CANARY}/x", "/v1/../secrets"])
def test_what_is_not_there_is_not_found(client: httpx.Client, there: str) -> None:
    assert_clear(client.get(there), 404, "NOT_AVAILABLE")


# By who calls


@each_call_for_somebody
def test_without_a_session_nothing_is_done(
    client: httpx.Client, rows: Callable[[], Mapping[str, int]], rpc: Rpc
) -> None:
    """No session, one that never was, and caller tokens and service names made up outside."""
    before = rows()
    body = plausible(method_of(rpc).input_type)
    made_up = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdGFmZk1lbWJlcnMveCJ9."
    for headers in (
        {},
        {"authorization": f"Bearer {CANARY.replace(' ', '')}"},
        {"authorization": "Basic YTpi"},
        {"cookie": "session=nonsense"},
        {"x-sas-caller": made_up},
        {"x-sas-caller": made_up, "authorization": f"Bearer {made_up}"},
        {"x-forwarded-client-cert": "URI=spiffe://sas/cases"},
    ):
        assert_clear(call(client, rpc, body, headers=headers), 401, "SIGN_IN_NEEDED")
    assert rows() == before


def test_a_made_up_caller_does_not_replace_the_session(
    stack: FullStack, client: httpx.Client
) -> None:
    """A student stays a student, whatever caller token is sent along."""
    headers = {"authorization": f"Bearer {stack.student.token}", "x-sas-caller": "e30.e30."}
    assert client.get("/v1/session", headers=headers).json()["person"] == stack.student.name


# Done once


@pytest.fixture(scope="module")
def creating(stack: FullStack) -> Mapping[str, tuple[Person, Json]]:
    """Give, for each call that makes something, who may and a request that works."""
    adviser, manager = stack.adviser, stack.manager
    case = deeds.adviser_opens_a_case(stack)
    document = deeds.adviser_attaches_a_letter(stack, case)
    tutor = disclosing.adviser_notes_a_tutor(stack)
    breach = breaching.adviser_drafts_a_breach(stack, case, tutor)
    breaching.colleague_advises(stack, breach)
    breaching.adviser_decides(stack, breach)
    note = deeds.adviser_writes_a_note(stack, case, situation="once")
    lines = [deeds.student_sees_who_read(stack, note) for _ in range(3)]
    now = datetime.datetime.now(datetime.UTC)
    enough_for_a_report(stack, now.year - 5)
    to = {"recipient": tutor.name, "recipientName": "T", "recipientAddress": tutor.address}
    return {
        "cases.OpenCase": (adviser, {"student": stack.student.name, "topic": "housing"}),
        "cases.WriteCaseNote": (adviser, {"parent": case, "situation": "once"}),
        "cases.AttachDocument": (
            adviser,
            {"parent": case, "title": "t", "mediaType": "text/plain", "content": "YWJj"},
        ),
        "cases.ProposeDisclosure": (
            adviser,
            {
                "document": document,
                **to,
                "purpose": "DISCLOSURE_PURPOSE_WELFARE_SUPPORT",
                "endsOn": (now.date() + datetime.timedelta(days=9)).isoformat(),
            },
        ),
        "cases.NameContact": (
            adviser,
            {
                "parent": case,
                **to,
                "purpose": "DISCLOSURE_PURPOSE_CONFIRM_USE",
                "endsOn": (now.date() + datetime.timedelta(days=9)).isoformat(),
            },
        ),
        "cases.RedactItem": (
            adviser,
            {
                "parent": document,
                "marks": [{"reason": "REDACTION_REASON_OTHER", "passage": "once"}],
            },
        ),
        "cases.RecordEnquiry": (adviser, {"words": "once", "topic": "housing"}),
        "cases.DraftBreach": (adviser, {"parent": case, "parts": {"outline": "once"}}),
        "cases.RecordBreachDisclosure": (
            adviser,
            {
                "name": breach,
                "recipient": tutor.name,
                "told": "once",
                "toldAt": now.isoformat().replace("+00:00", "Z"),
            },
        ),
        "cases.AddBreachAddendum": (adviser, {"name": breach, "words": "once"}),
        "cases.RecordIncident": (
            adviser,
            {
                "parent": case,
                "kind": "near_miss",
                "what": "other",
                "knownAt": now.isoformat().replace("+00:00", "Z"),
                "decider": adviser.name,
                "happened": "once",
            },
        ),
        "cases.RequestAccess": (stack.other_student, {}),
        "cases.EnterAccessRequest": (
            adviser,
            {
                "student": f"students/{deeds.new_request_id()}",
                "manner": "ACCESS_REQUEST_MANNER_IN_PERSON",
            },
        ),
        "cases.PrepareAccessCopy": (
            adviser,
            {"accessRequest": deeds.student_asks_for_a_copy(stack), "items": [note]},
        ),
        "cases.AskForName": (stack.student, {"line": lines[0], "why": "once"}),
        "cases.GiveNameView": (
            adviser,
            {
                "name": deeds.student_asks_who_it_was(stack, lines[1]),
                "view": "NAME_VIEW_OBJECTS",
                "words": "once",
            },
        ),
        "cases.DecideNameRequest": (
            manager,
            {
                "name": deeds.student_asks_who_it_was(stack, lines[2]),
                "answer": "NAME_ANSWER_WITHHOLD",
                "grounds": ["NAME_GROUND_LIST_IS_ENOUGH"],
                "reasons": "once",
            },
        ),
        "consent.DeclareWall": (
            adviser,
            {"record": deeds.adviser_opens_a_case(stack).replace("cases/", "records/")},
        ),
        "identity.CreateStaffMember": (
            manager,
            {
                "displayName": "Once",
                "role": "trustee",
                "roleEndsAt": (now + datetime.timedelta(days=90)).isoformat(),
                "issuer": people.account(stack.state, "grace")["issuer"],
                "subject": deeds.new_request_id(),
            },
        ),
        "identity.RegisterStudent": (adviser, {"form": {"fullName": "Once"}}),
        "identity.CreateThirdParty": (
            adviser,
            {
                "kind": "RECIPIENT_KIND_HEALTH",
                "displayName": "Once",
                "address": "once@health.example",
            },
        ),
        "reports.FreezeReport": (
            manager,
            {
                "table": "enquiries-by-topic",
                "purpose": "internal-trends",
                "fromYear": now.year - 6,
                "untilYear": now.year - 3,
            },
        ),
    }


def enough_for_a_report(stack: FullStack, year: int) -> None:
    """Record so many enquiries of long ago that some number may be published."""
    for _ in range(40):
        deeds.adviser_records_an_enquiry(stack, contact_date=f"{year}-11-05")
    behind.wait_for_facts(stack.state)


NOT_ANSWERED_TWICE = {"cases.PrintItems"}
"""One print is one copy on paper: a repeat is refused (`tests/service/cases/test_prints.py`)."""

CREATING = [
    rpc
    for rpc in CALLS
    if "request_id" in method_of(rpc).input_type.fields_by_name
    and rpc.name not in NOT_ANSWERED_TWICE
]


def test_every_creating_call_is_tried(creating: Mapping[str, object]) -> None:
    assert set(creating) == {rpc.name for rpc in CREATING}


@pytest.mark.parametrize("rpc", CREATING, ids=lambda rpc: rpc.name)
def test_a_repeated_call_is_done_once(
    stack: FullStack,
    client: httpx.Client,
    rows: Callable[[], Mapping[str, int]],
    creating: Mapping[str, tuple[Person, Json]],
    rpc: Rpc,
) -> None:
    """The same answer, and nothing more; nobody else may use the name of that attempt."""
    who, body = creating[rpc.name]
    body = body | {"requestId": deeds.new_request_id()}
    first = call(client, rpc, body, who)
    assert first.status_code == 200, first.text
    after_one = _but_the_ledger(rows())
    again = call(client, rpc, body, who)
    assert (again.status_code, again.json()) == (200, first.json())
    assert _but_the_ledger(rows()) == after_one
    other = stack.manager if who is stack.adviser else stack.adviser
    reused = call(client, rpc, body, other)
    assert reused.status_code in (403, 409), reused.text
    assert_clear(reused, reused.status_code, reused.json()["details"][0]["reason"])
    assert _but_the_ledger(rows()) == after_one


def _but_the_ledger(counted: Mapping[str, int]) -> Mapping[str, int]:
    """
    Leave out the ledger: each decision is written down, repeated or not.

    And what events do, which comes later; that it is done once is tried in `tests/fault`.
    """
    later = {
        "consent.entries",
        "consent.staff_roles",
        "reports.case_facts",
        "reports.student_facts",
    }
    return {table: number for table, number in counted.items() if table not in later}


# On what is there now


def test_every_call_with_an_etag_is_tried() -> None:
    with_etag = {rpc.name for rpc in CALLS if "etag" in method_of(rpc).input_type.fields_by_name}
    assert with_etag == {
        "cases.AmendBreach",
        "cases.CloseCase",
        "cases.SendDisclosure",
        "identity.CompleteRegistrationForm",
    }


def test_a_change_of_what_has_changed_meanwhile_is_refused(
    stack: FullStack, client: httpx.Client
) -> None:
    case = deeds.adviser_opens_a_case(stack)
    tutor = disclosing.adviser_notes_a_tutor(stack)
    breach = breaching.adviser_drafts_a_breach(stack, case, tutor)
    document = deeds.adviser_attaches_a_letter(stack, case)
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    disclosing.student_gives_consent(stack, disclosure)
    mails = len(list((stack.state / "mail").iterdir()))
    headers = {"authorization": f"Bearer {stack.adviser.token}"}
    for there, body in (
        (f"{case}:close", {"outcome": "advised"}),
        (f"{breach}:amend", {"parts": {"outline": "changed"}}),
        (f"{disclosure.name}:send", {}),
        (f"{stack.student.name}:completeRegistrationForm", {"form": {"fullName": "Changed"}}),
    ):
        stale = body | {"etag": "stale"}
        assert_clear(client.post(f"/v1/{there}", json=stale, headers=headers), 409, "STALE_ETAG")
    assert len(list((stack.state / "mail").iterdir())) == mails
    answer = client.get(f"/v1/{case}", headers=headers)
    assert answer.json()["state"] == "CASE_STATE_OPEN"


# As gRPC


def test_a_grpc_caller_reads_the_same_errors(stack: FullStack) -> None:
    notes = stack.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub)
    with pytest.raises(grpc.RpcError) as refused:
        notes.WriteCaseNote(case_notes_pb2.WriteCaseNoteRequest(parent=CANARY, situation=CANARY))
    assert reason_of(refused.value) == ("INVALID_ARGUMENT", "INVALID_FIELDS")
    anybody = stack.anybody().stub(cases_pb2_grpc.CasesServiceStub)
    with pytest.raises(grpc.RpcError) as refused:
        anybody.ListCases(cases_pb2.ListCasesRequest(), metadata=(("x-sas-caller", "e30.e30."),))
    assert reason_of(refused.value) == ("UNAUTHENTICATED", "SIGN_IN_NEEDED")


@pytest.mark.parametrize("content", [b"\xff\xff\xff", b"\x0a\x7fher own words"])
def test_bytes_that_are_no_message_are_refused(stack: FullStack, content: bytes) -> None:
    def raw(channel: grpc.Channel) -> Any:
        return channel.unary_unary("/sas.cases.v1.CaseNotesService/WriteCaseNote")

    with pytest.raises(grpc.RpcError) as refused:
        stack.adviser.gateway.stub(raw)(content)
    error = refused.value
    assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL)
    details = str(error.details())
    assert [each for each in (CANARY, "Traceback", "DecodeError") if each in details] == []


def reason_of(error: grpc.RpcError) -> tuple[str, str]:
    """Give the code and the reason that a gRPC caller reads, after a look at all the words."""
    status = rpc_status.from_call(error)
    assert status is not None
    assert CANARY not in str(status)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return error.code().name, info.reason
