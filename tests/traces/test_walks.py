"""
The two walks of the architecture, as the spans show them: no more than needed, no second way out.

Words leave only where Vault opens a data key, so the spans `vault decrypt` are the whole of what
a call disclosed; each must lie below the decision that was written to the ledger for it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.demo import behind
from deploy.telemetry.spans import Span
from tests.kit import deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.kit.spans import spans_of, ways_to

OPENING = "vault decrypt"
COMMITTING = "ledger append"
READING = [
    "gateway",
    "cases.GetCaseNote",
    "-> consent.OpenRecord",
    "consent.OpenRecord",
    OPENING,
]
COLLECTING = [
    "gateway",
    "cases.CollectDisclosure",
    "-> consent.AuthoriseCollection",
    "consent.AuthoriseCollection",
    OPENING,
]
pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first


@pytest.fixture(scope="module")
def adviser(stack: FullStack) -> Iterator[httpx.Client]:
    with stack.http(stack.adviser) as client:
        yield client


@pytest.fixture(scope="module")
def case(stack: FullStack) -> str:
    return deeds.adviser_opens_a_case(stack)


@pytest.fixture(scope="module")
def note(stack: FullStack, case: str) -> str:
    return deeds.adviser_writes_a_note(stack, case)


def test_a_staff_member_reads_a_note_by_one_decision_and_one_key(
    stack: FullStack, adviser: httpx.Client, note: str
) -> None:
    """R10, R23: opening is decided, recorded, and only then done."""
    answer = adviser.get(f"/v1/{note}?purpose=PURPOSE_ADVICE")
    assert answer.json()["situation"] == "unwell"
    spans = spans_of(stack.state.root, answer.headers["x-sas-trace"])
    assert ways_to(spans, OPENING) == [READING]
    assert_recorded_first(spans, "consent.OpenRecord", effect="permit")


def test_who_may_not_read_a_note_opens_nothing(stack: FullStack, note: str) -> None:
    """Refused, and recorded all the same; a note that never was takes the same way."""
    with stack.http(stack.student) as student:
        refused = student.get(f"/v1/{note}?purpose=PURPOSE_ADVICE")
        absent = student.get(f"/v1/notes/{new()}?purpose=PURPOSE_ADVICE")
    assert (refused.status_code, refused.content) == (absent.status_code, absent.content)
    for answer in (refused, absent):
        spans = spans_of(stack.state.root, answer.headers["x-sas-trace"])
        assert ways_to(spans, "consent.OpenRecord") == [READING[:-1]]
        assert ways_to(spans, OPENING) == []
        assert_recorded(spans, "consent.OpenRecord", effect="forbid")


def test_trace_ledger_and_vault_tell_of_the_same_opening(
    stack: FullStack, adviser: httpx.Client, note: str
) -> None:
    """One id in all three, so that they can be compared."""
    trace_id = adviser.get(f"/v1/{note}?purpose=PURPOSE_ADVICE").headers["x-sas-trace"]
    spans = spans_of(stack.state.root, trace_id)
    decided = assert_recorded(spans, "consent.OpenRecord", effect="permit")
    entry = behind.entry(stack.state, int(decided.attributes["sas.ledger_index"]))
    assert (entry["trace"], entry["entry"]) == (trace_id, decided.attributes["sas.decision"])
    asked = [line for line in vault_asked(stack) if trace_id in str(line["headers"])]
    assert [(each["path"].split("/")[:2], each["headers"]["x-sas-decision"]) for each in asked] == [
        (["rk-case", "decrypt"], [entry["entry"]])
    ]


def test_many_at_once_share_a_commit_and_keep_their_own_traces(
    stack: FullStack, adviser: httpx.Client, note: str
) -> None:
    """One commit may serve many; each reading still shows one decision, its own entry and key."""
    with ThreadPoolExecutor(6) as readers:
        answers = list(
            readers.map(lambda _: adviser.get(f"/v1/{note}?purpose=PURPOSE_ADVICE"), range(6))
        )
    traces = {answer.headers["x-sas-trace"] for answer in answers}
    assert len(traces) == len(answers)
    for trace_id in traces:
        spans = spans_of(stack.state.root, trace_id)
        assert ways_to(spans, OPENING) == [READING]
        assert ways_to(spans, COMMITTING) == [[*READING[:-1], COMMITTING]]
        assert_recorded_first(spans, "consent.OpenRecord", effect="permit")
        decided = assert_recorded(spans, "consent.OpenRecord", effect="permit")
        entry = behind.entry(stack.state, int(decided.attributes["sas.ledger_index"]))
        assert (entry["trace"], entry["span"]) == (trace_id, decided.span_id)


def test_writing_a_note_opens_nothing(stack: FullStack, adviser: httpx.Client, case: str) -> None:
    answer = adviser.post(f"/v1/{case}/notes", json={"situation": "more", "requestId": new()})
    assert answer.status_code == 200, answer.text
    assert ways_to(spans_of(stack.state.root, answer.headers["x-sas-trace"]), OPENING) == []


def test_a_tutor_sees_one_letter_by_one_decision_and_one_key(stack: FullStack) -> None:
    """R3, R4: the student's consent, one recipient, one letter."""
    link, code = disclosing.sent_letter(stack)
    answer = disclosing.tutor_collects(stack, link, code)
    never = disclosing.tutor_collects(stack, "x" * 43, code)
    assert base64.b64decode(answer.json()["content"]).startswith(b"%PDF-")
    spans = spans_of(stack.state.root, answer.headers["x-sas-trace"])
    assert ways_to(spans, OPENING) == [COLLECTING]
    assert_recorded_first(spans, "consent.AuthoriseCollection", effect="permit")
    assert ways_to(spans_of(stack.state.root, never.headers["x-sas-trace"]), OPENING) == []


def vault_asked(stack: FullStack) -> list[dict[str, Any]]:
    """Give the requests for decryption that Vault's audit log has."""
    lines = (stack.state / "vault/audit.log").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [
        each["request"]
        for each in records
        if each["type"] == "request" and "/decrypt/" in each["request"]["path"]
    ]


def assert_recorded(spans: list[Span], decision: str, *, effect: str) -> Span:
    """Check that the decision is in the ledger once, committed within it, and give its span."""
    (decided,) = (span for span in spans if span.name == decision)
    (committed,) = (span for span in spans if span.name == COMMITTING)
    assert committed.parent_id == decided.span_id
    recorded = [span for span in spans if "sas.ledger_index" in span.attributes]
    assert [span.attributes["sas.effect"] for span in recorded] == [effect]
    return decided


def assert_recorded_first(spans: list[Span], decision: str, *, effect: str) -> None:
    """Check that the key was opened within the decision, after it was written."""
    decided = assert_recorded(spans, decision, effect=effect)
    (committed,) = (span for span in spans if span.name == COMMITTING)
    (opened,) = (span for span in spans if span.name == OPENING)
    assert decided.started < committed.started < committed.ended <= opened.started
    assert opened.ended <= decided.ended


def new() -> str:
    """Give a new request id."""
    return str(uuid4())
