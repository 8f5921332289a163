"""R3, R14, R24: what is hidden before it leaves is hidden for good, and the original stays."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sas.cases.v1 import documents_pb2, redactions_pb2
from sas.common.v1.purpose_pb2 import PURPOSE_ADVICE
from sas.consent.v1 import walls_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy
from tests.kit.house import Person
from tests.kit.letters import everything_in, letter, locked
from tests.service.cases.house import House, student
from tests.service.cases.office import (
    CANARY,
    Office,
    agree,
    collect,
    link_and_code,
    preview,
)

FRIEND = "Wilhelmina Otherbird"


def test_a_redacted_letter_and_note_leave_without_the_name(
    sas: House, office: Office, zoe: Person
) -> None:
    """R3: nothing about anybody else leaves; the student agrees to the very bytes that do."""
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    note = office.writes_note(case.name, situation=f"{FRIEND} was there, and helped.")
    document = office.attaches(
        case.name, letter(f"{FRIEND} was there.", "Yours"), "application/pdf"
    )
    redactions = [office.redacts(each.name, FRIEND).name for each in (document, note)]
    disclosure = office.proposes(document.name, address, items=[note.name], redactions=redactions)
    assert list(disclosure.items) == [document.name, note.name]
    shown = preview(sas, zoe, disclosure.name)
    agree(sas, zoe, disclosure)
    office.sends(disclosure.name)
    left = sas.call(
        None, sas.disclosures.CollectDisclosure, collect(*link_and_code(sas, address))
    ).content
    assert left == shown.content
    seen = everything_in(left)
    assert not any(word.encode() in seen for word in FRIEND.split())
    pages = PdfReader(io.BytesIO(left)).pages
    assert [f"Dr {CANARY} · {disclosure.name}" in each.extract_text() for each in pages] == [
        True,
        True,
    ]
    assert "and helped" in pages[1].extract_text()


def test_the_original_stays_sealed_as_it_was(sas: House, office: Office, zoe: Person) -> None:
    """R15: the record keeps the student's situation as it was written."""
    case = office.opens_case(zoe)
    content = letter(FRIEND)
    document = office.attaches(case.name, content, "application/pdf")
    redaction = office.redacts(document.name, FRIEND)
    office.proposes(document.name, "tutor@example.org", redactions=[redaction.name])
    request = documents_pb2.GetDocumentRequest(name=document.name, purpose=PURPOSE_ADVICE)
    assert sas.call(office.who, sas.documents.GetDocument, request).content == content


def test_a_staff_member_sees_what_would_be_left_and_why(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe)
    note = office.writes_note(case.name, situation=f"{FRIEND} was there, and helped.")
    redaction = office.redacts(note.name, FRIEND)
    request = redactions_pb2.PreviewRedactionRequest(name=redaction.name)
    shown = sas.call(office.who, sas.redactions.PreviewRedaction, request)
    assert [(each.passage, each.why) for each in shown.marks] == [(FRIEND, f"{CANARY} why")]
    text = PdfReader(io.BytesIO(shown.content)).pages[0].extract_text()
    assert "and helped" in text
    assert "Otherbird" not in text
    # The marks hold the hidden words, so they are as sealed as the words themselves.
    assert b"Otherbird" not in sas.dump()
    outsider = student()
    refusals = {
        sas.refusal(outsider, "RedactionsService/PreviewRedaction", each)
        for each in (
            request,
            redactions_pb2.PreviewRedactionRequest(name=f"{note.name}/redactions/{uuid4()}"),
        )
    }
    assert len(refusals) == 1


def test_what_is_marked_does_not_leave_unhidden(sas: House, office: Office, zoe: Person) -> None:
    """R3: marks made for one recipient are not forgotten for the next; which count, people say."""
    case = office.opens_case(zoe)
    document = office.attaches(case.name, letter(f"{FRIEND} was there."), "application/pdf")
    before = office.proposes(document.name, "tutor@example.org")
    agree(sas, zoe, before)
    redaction = office.redacts(document.name, FRIEND)
    with pytest.raises(InvalidFields) as wrong:
        office.proposes(document.name, "doctor@example.org")
    assert "name a redaction of it" in wrong.value.violations["redactions"]
    with pytest.raises(RefusedByPolicy) as refused:
        office.sends(before.name)
    assert refused.value.reasons == ("others_not_redacted",)
    after = office.proposes(document.name, "tutor@example.org", redactions=[redaction.name])
    assert list(after.redactions) == [redaction.name]
    agree(sas, zoe, after)
    assert office.sends(after.name).decision.startswith("decisions/")


def test_nothing_half_done_is_left_when_it_can_not_be_rendered(
    sas: House, office: Office, zoe: Person
) -> None:
    """A locked file, and a misspelt name: a clear error, and the student is asked nothing."""
    case = office.opens_case(zoe)
    document = office.attaches(case.name, locked(letter("One")), "application/pdf")
    note = office.writes_note(case.name)
    redaction = office.redacts(note.name, "Nobody Here")
    for item, redactions, said in (
        (document.name, [], "password"),
        (note.name, [redaction.name], "mark 1 of item 1"),
    ):
        with pytest.raises(InvalidFields) as refused:
            office.proposes("documents/-", "tutor@example.org", items=[item], redactions=redactions)
        assert said in str(refused.value.violations)
    case_id = case.name.partition("/")[2]
    assert sas.sql("select count(*) from disclosures where case_id = %s", case_id) == [(0,)]


def test_items_of_two_students_are_never_in_one_file(
    sas: House, office: Office, zoe: Person
) -> None:
    """R4: one student, one record."""
    mine = office.writes_note(office.opens_case(zoe).name)
    other = office.writes_note(office.opens_case(student()).name)
    with pytest.raises(InvalidFields):
        office.proposes("documents/-", "tutor@example.org", items=[mine.name, other.name])
    with pytest.raises(InvalidFields):
        office.proposes(
            "documents/-",
            "tutor@example.org",
            items=[mine.name],
            redactions=[office.redacts(other.name, "situation").name],
        )


def test_whoever_is_behind_a_wall_can_not_have_it_rendered(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9, R10: and is not told either that something is marked in it."""
    case = office.opens_case(zoe)
    note = office.writes_note(case.name)
    redaction = office.redacts(note.name, "situation")
    wall = walls_pb2.DeclareWallRequest(
        staff_member=office.who.name,
        record=f"records/{case.name.partition('/')[2]}",
        request_id=str(uuid4()),
    )
    sas.call(office.who, sas.walls.DeclareWall, wall)
    for redactions in ([redaction.name], []):
        with pytest.raises(NotAvailable):
            office.proposes(
                "documents/-", "tutor@example.org", items=[note.name], redactions=redactions
            )


def test_a_repeated_redaction_is_one(sas: House, office: Office, zoe: Person) -> None:
    note = office.writes_note(office.opens_case(zoe).name)
    request = redactions_pb2.RedactItemRequest(
        parent=note.name,
        marks=[
            redactions_pb2.RedactionMark(
                reason=redactions_pb2.REDACTION_REASON_OTHER, passage="situation"
            )
        ],
        request_id=str(uuid4()),
    )
    found = [sas.call(office.who, sas.redactions.RedactItem, request).name for _ in range(2)]
    assert found[0] == found[1]
    request.marks[0].page = 1
    request.request_id = str(uuid4())
    with pytest.raises(InvalidFields):
        sas.call(office.who, sas.redactions.RedactItem, request)
