"""R24: the student, if the student requests access to them, complying with GDPR."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import attrs
import psycopg
import pytest
from google.protobuf.message import Message
from pypdf import PdfReader
from sas.cases.v1 import access_requests_pb2 as pb
from sas.cases.v1 import redactions_pb2
from sas.consent.v1 import ledger_pb2

from common.errors import (
    InvalidFields,
    NotAvailable,
    RefusedByPolicy,
    SecondFactorNeeded,
    WrongState,
)
from tests.kit.house import Person, eventually
from tests.kit.letters import everything_in, letter
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import CANARY, Office, agree, collect, dispose, link_and_code
from tests.service.cases.test_recall import lines
from tests.service.cases.test_walls import wall_off

FRIEND = "Wilhelmina Otherbird"
Reply = TypeVar("Reply", bound=Message)


@attrs.frozen
class Desk:
    """What is done about access requests, in one line each."""

    office: Office
    zoe: Person

    @property
    def sas(self) -> House:
        """Give the house."""
        return self.office.sas

    def asks(self) -> pb.RequestedAccess:
        """Ask, as the student."""
        request = pb.RequestAccessRequest(request_id=str(uuid4()))
        return self.sas.call(self.zoe, self.sas.access.RequestAccess, request)

    def enters(self, received_on: str) -> pb.RequestedAccess:
        """Enter what she asked for in person."""
        request = pb.EnterAccessRequestRequest(
            student=self.zoe.name,
            manner=pb.ACCESS_REQUEST_MANNER_IN_PERSON,
            received_on=received_on,
            request_id=str(uuid4()),
        )
        return self.staff(self.sas.access.EnterAccessRequest, request)

    def prepares(
        self, request: str, items: Sequence[str], *, who: Person | None = None, **more: Any
    ) -> pb.AccessCopy:
        """Have a copy made."""
        asked = pb.PrepareAccessCopyRequest(
            access_request=request, items=items, request_id=str(uuid4()), **more
        )
        return self.staff(self.sas.access.PrepareAccessCopy, asked, who)

    def previews(self, copy: str) -> pb.AccessCopyPreview:
        """Look at what she would get."""
        return self.staff(self.sas.access.PreviewAccessCopy, pb.PreviewAccessCopyRequest(name=copy))

    def releases(self, copy: str) -> pb.AccessCopy:
        """Decide that it is ready."""
        return self.staff(self.sas.access.ReleaseAccessCopy, pb.ReleaseAccessCopyRequest(name=copy))

    def recalls(self, copy: str) -> pb.AccessCopy:
        """Take it back."""
        return self.staff(self.sas.access.RecallAccessCopy, pb.RecallAccessCopyRequest(name=copy))

    def collects(self, copy: str, who: Person | None = None) -> pb.CollectedAccessCopy:
        """Take it, as the student."""
        request = pb.CollectAccessCopyRequest(name=copy)
        return self.sas.call(who or self.zoe, self.sas.access.CollectAccessCopy, request)

    def out(self, request: str, items: Sequence[str], **more: Any) -> pb.AccessCopy:
        """Prepare, look at and release."""
        copy = self.prepares(request, items, **more)
        self.previews(copy.name)
        return self.releases(copy.name)

    def stands(self, request: str, who: Person | None = None) -> pb.RequestedAccess:
        """Look at how it stands."""
        get = pb.GetAccessRequestRequest(name=request)
        return self.staff(self.sas.access.GetAccessRequest, get, who)

    def open_ones(self, who: Person | None = None) -> list[str]:
        """List what is to be done."""
        request = pb.ListAccessRequestsRequest(page_size=200)
        found = self.staff(self.sas.access.ListAccessRequests, request, who)
        return [each.name for each in found.access_requests]

    def staff(
        self, method: Callable[[Any], Reply], request: Message, who: Person | None = None
    ) -> Reply:
        """Call, as a staff member."""
        return self.sas.call(who or self.office.who, method, request)


@pytest.fixture
def desk(office: Office, zoe: Person) -> Desk:
    return Desk(office, zoe)


def files_of(content: bytes) -> tuple[str, dict[str, Any]]:
    """Give the text of the PDF and what programs read."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["copy.pdf", "notes.json"]
        pdf, notes = archive.read("copy.pdf"), json.loads(archive.read("notes.json"))
    assert not any(word.encode() in everything_in(pdf) for word in FRIEND.split())
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "\n".join(page.extract_text() for page in pages), notes


def test_a_student_asks_for_her_copy_and_takes_it(desk: Desk, office: Office) -> None:
    """Others are hidden in it, in both forms, with blocks that say nothing about the name."""
    case = office.opens_case(desk.zoe)
    note = office.writes_note(case.name, situation=f"{FRIEND} was there, and helped.")
    document = office.attaches(case.name, letter(f"{FRIEND} wrote.", "Yours"), "application/pdf")
    asked = desk.asks()
    assert asked.state == pb.ACCESS_REQUEST_STATE_OPEN
    assert list(desk.stands(asked.name).items_left) == [note.name, document.name]
    assert asked.name in desk.open_ones()
    hidden = [office.redacts(each.name, FRIEND).name for each in (note, document)]
    copy = desk.prepares(asked.name, [note.name, document.name], redactions=hidden)
    shown = desk.previews(copy.name).content
    desk.releases(copy.name)
    collected = desk.collects(copy.name)
    assert (collected.media_type, collected.content) == ("application/zip", shown)
    text, notes = files_of(collected.content)
    assert f"Your own copy · {copy.name}" in text
    assert "and helped" in text
    assert "Information Commissioner" in text
    (said,) = notes["notes"]
    assert said["situation"] == "[hidden] was there, and helped."
    assert said["advice_offered"] == f"{CANARY} advice"
    stands = desk.stands(asked.name, desk.zoe)
    assert stands.state == pb.ACCESS_REQUEST_STATE_ANSWERED
    assert list(stands.collected_copies) == [copy.name]
    assert asked.name not in desk.open_ones()


def test_each_look_is_a_line_in_the_ledger_and_in_her_list(
    sas: House, desk: Desk, office: Office
) -> None:
    """R23: she sees who prepared and released it, and that she took it."""
    note = office.writes_note(office.opens_case(desk.zoe).name)
    copy = desk.out(desk.asks().name, [note.name])
    for _ in range(2):
        desk.collects(copy.name)
    assert lines(sas, copy.name) == [
        ("access_copy:preview", "allow"),
        ("access_copy:release", "allow"),
        ("access_copy:collect", "allow"),
        ("access_copy:collect", "allow"),
    ]
    found = sas.call(desk.zoe, sas.ledger.ListAccesses, ledger_pb2.ListAccessesRequest())
    shown = [(each.action, each.purpose) for each in found.accesses]
    assert shown[:5] == [
        *[("access_copy:collect", "access_request")] * 2,
        ("access_copy:release", "access_request"),
        ("access_copy:preview", "access_request"),
        ("case_note:read", "access_request"),
    ]


def test_nobody_else_collects_it(sas: House, desk: Desk, office: Office) -> None:
    """R9, R23: and who tries learns as little as about a copy that never was."""
    note = office.writes_note(office.opens_case(desk.zoe).name)
    copy = desk.out(desk.asks().name, [note.name])
    never = pb.CollectAccessCopyRequest(name=f"accessCopies/{uuid4()}")
    there = pb.CollectAccessCopyRequest(name=copy.name)
    method = "AccessRequestsService/CollectAccessCopy"
    trustee = adviser(roles=frozenset({"trustee"}))
    for who in (student(), trustee):
        assert sas.refusal(who, method, there) == sas.refusal(who, method, never)
    assert sas.refusal(desk.zoe, method, never) == sas.refusal(student(), method, there)
    with pytest.raises(RefusedByPolicy) as refused:
        desk.collects(copy.name, office.who)
    assert refused.value.reasons == ("copy_of_another",)
    assert lines(sas, copy.name)[-1] == ("access_copy:collect", "deny")


def test_what_is_not_released_or_was_taken_back_is_not_there(desk: Desk, office: Office) -> None:
    """R14: a recall works at once; and what was left is to be done again."""
    note = office.writes_note(office.opens_case(desk.zoe).name)
    asked = desk.asks()
    copy = desk.prepares(asked.name, [note.name])
    with pytest.raises(NotAvailable):
        desk.collects(copy.name)
    with pytest.raises(RefusedByPolicy) as refused:
        desk.releases(copy.name)
    assert refused.value.reasons == ("copy_not_looked_at",)
    with pytest.raises(WrongState):
        desk.recalls(copy.name)
    desk.previews(copy.name)
    desk.releases(copy.name)
    desk.recalls(copy.name)
    with pytest.raises(NotAvailable):
        desk.collects(copy.name)
    stands = desk.stands(asked.name)
    assert not stands.copies
    assert list(stands.items_left) == [note.name]
    assert stands.state == pb.ACCESS_REQUEST_STATE_OPEN
    desk.releases(copy.name)
    desk.collects(copy.name)


def test_others_who_are_marked_leave_hidden_or_not_at_all(
    sas: House, desk: Desk, office: Office
) -> None:
    """R3: also when they are marked only after it was made, or even released."""
    case = office.opens_case(desk.zoe)
    note = office.writes_note(case.name, situation=f"{FRIEND} was there.")
    asked = desk.asks()
    copy = desk.prepares(asked.name, [note.name])
    desk.previews(copy.name)
    released = desk.out(asked.name, [note.name])
    redaction = office.redacts(note.name, FRIEND)
    with pytest.raises(RefusedByPolicy) as refused:
        desk.releases(copy.name)
    assert refused.value.reasons == ("others_not_redacted",)
    with pytest.raises(NotAvailable):
        desk.collects(released.name)
    assert lines(sas, released.name)[-1] == ("access_copy:collect", "deny")
    assert list(desk.stands(asked.name).items_left) == [note.name]
    with pytest.raises(InvalidFields) as wrong:
        desk.prepares(asked.name, [note.name])
    assert "name a redaction of it" in wrong.value.violations["redactions"]
    desk.collects(desk.out(asked.name, [note.name], redactions=[redaction.name]).name)
    assert not desk.stands(asked.name).items_left


def test_what_a_third_party_has_seen_is_copied_too(desk: Desk, office: Office) -> None:
    """UK GDPR, article 15(1)(c): to whom it was disclosed, and what."""
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(desk.zoe)
    document = office.attaches(case.name, letter("A letter.", "Yours"), "application/pdf")
    seen, unseen = (office.proposes(document.name, to) for to in (address, "other@example.org"))
    agree(office.sas, desk.zoe, seen)
    office.sends(seen.name)
    link = collect(*link_and_code(office.sas, address))
    office.sas.call(None, office.sas.disclosures.CollectDisclosure, link)
    asked = desk.asks()
    assert set(desk.stands(asked.name).items_left) == {document.name, seen.name}
    copy = desk.out(asked.name, [document.name, seen.name])
    text, _ = files_of(desk.collects(copy.name).content)
    assert text.count(copy.name) >= 2
    assert unseen.name not in desk.stands(asked.name).items_left
    assert desk.stands(asked.name).state == pb.ACCESS_REQUEST_STATE_ANSWERED
    office.redacts(document.name, "letter")
    with pytest.raises(NotAvailable):
        desk.collects(copy.name)


def test_what_stays_out_is_not_told_and_not_left(desk: Desk, office: Office) -> None:
    """R35: nothing in what she gets or is shown says that something is missing."""
    case = office.opens_case(desk.zoe)
    note, secret = office.writes_note(case.name), office.writes_note(case.name)
    asked = desk.asks()
    left_out = pb.LeftOutItem(
        item=secret.name, reason=redactions_pb2.REDACTION_REASON_OTHER, why=f"{CANARY} why"
    )
    copy = desk.out(asked.name, [note.name], left_out=[left_out])
    assert list(desk.previews(copy.name).left_out) == [left_out]
    content = desk.collects(copy.name).content
    assert secret.name.encode() not in content
    assert files_of(content)[1]["notes"][0]["name"] == note.name
    hers = desk.stands(asked.name, desk.zoe)
    assert secret.name not in str(hers)
    assert hers.state == pb.ACCESS_REQUEST_STATE_ANSWERED


@pytest.mark.parametrize(
    "change",
    [
        "items = array['notes/00000000-0000-4000-8000-000000000000']",
        "redactions = array['notes/x/redactions/y']",
        "payload_digest = repeat('0', 64)",
        "content_sealed = set_byte(content_sealed, 200, 255 - get_byte(content_sealed, 200))",
        "left_out = array['notes/x']",
    ],
    ids=["items", "redactions", "payload hash", "bytes", "left out"],
)
def test_change_any_one_and_it_stays_and_the_ledger_says_so(
    sas: House, desk: Desk, office: Office, change: str
) -> None:
    """R4: recipient and purpose are tried below, and with the pass itself in test_egress.py."""
    note = office.writes_note(office.opens_case(desk.zoe).name)
    copy = desk.out(desk.asks().name, [note.name])
    sas.sql(f"update access_copies set {change} where id = %s", copy.name.partition("/")[2])  # noqa: S608
    with pytest.raises(NotAvailable):
        desk.collects(copy.name)
    assert lines(sas, copy.name)[-1] == ("access_copy:collect", "deny")


def test_another_recipient_gets_nothing_before_and_after_the_release(
    sas: House, desk: Desk, office: Office
) -> None:
    """R4: a copy is the student's whose case it is of, whatever the request's row says."""
    note = office.writes_note(office.opens_case(desk.zoe).name)
    asked = desk.asks()
    early = desk.prepares(asked.name, [note.name])
    desk.previews(early.name)
    copy = desk.out(asked.name, [note.name])
    mallory = student()
    sas.sql(
        "update access_requests set student_id = %s where id = %s",
        mallory.name.partition("/")[2],
        asked.name.partition("/")[2],
    )
    with pytest.raises(RefusedByPolicy) as refused:
        desk.releases(early.name)
    assert refused.value.reasons == ("copy_for_another",)
    assert lines(sas, early.name)[-1] == ("access_copy:release", "deny")
    for who in (mallory, desk.zoe):
        with pytest.raises(NotAvailable):
            desk.collects(copy.name, who)
        assert lines(sas, copy.name)[-1] == ("access_copy:collect", "deny")


def test_a_copy_of_one_case_is_not_collected_as_another(
    sas: House, desk: Desk, office: Office
) -> None:
    """R17: ciphertext that is moved to another row does not open."""
    first = office.writes_note(office.opens_case(desk.zoe).name)
    second = office.writes_note(office.opens_case(desk.zoe).name)
    asked = desk.asks()
    one, other = (desk.out(asked.name, [each.name]) for each in (first, second))
    sas.sql(
        "update access_copies set (case_id, items, payload_digest, payload_salt, sealed,"
        " content_sealed, wrapped_key) = (select case_id, items, payload_digest, payload_salt,"
        " sealed, content_sealed, wrapped_key from access_copies where id = %s) where id = %s",
        other.name.partition("/")[2],
        one.name.partition("/")[2],
    )
    with pytest.raises(NotAvailable):
        desk.collects(one.name)
    assert lines(sas, one.name)[-1] == ("access_copy:collect", "deny")


def test_items_of_two_cases_or_students_are_never_in_one_copy(desk: Desk, office: Office) -> None:
    """R4: one student, one record."""
    mine = office.writes_note(office.opens_case(desk.zoe).name)
    also = office.writes_note(office.opens_case(desk.zoe).name)
    other = office.writes_note(office.opens_case(student()).name)
    asked = desk.asks()
    for items in ([mine.name, also.name], [other.name], [mine.name, other.name]):
        with pytest.raises(InvalidFields):
            desk.prepares(asked.name, items)
    with pytest.raises(NotAvailable):
        desk.prepares(f"accessRequests/{uuid4()}", [mine.name])
    with pytest.raises(NotAvailable):
        desk.prepares(asked.name, [f"notes/{uuid4()}"])


def test_behind_a_wall_nothing_of_it_is_there(sas: House, desk: Desk, office: Office) -> None:
    """R10: neither the copy, nor that there was something left to copy."""
    seen = office.writes_note(office.opens_case(desk.zoe).name)
    case = office.opens_case(desk.zoe).name
    note = office.writes_note(case)
    ada, asked = adviser(), desk.asks()
    wall_off(sas, office.who, ada, record=case.replace("cases/", "records/"))
    assert list(desk.stands(asked.name, ada).items_left) == [seen.name]
    with pytest.raises(NotAvailable):
        desk.prepares(asked.name, [note.name], who=ada)
    copy = desk.out(asked.name, [note.name])
    stands = desk.stands(asked.name, ada)
    assert not stands.copies
    assert not stands.events
    for method, there, never in (
        (each, kind(name=copy.name), kind(name=f"accessCopies/{uuid4()}"))
        for each, kind in (
            ("PreviewAccessCopy", pb.PreviewAccessCopyRequest),
            ("ReleaseAccessCopy", pb.ReleaseAccessCopyRequest),
            ("RecallAccessCopy", pb.RecallAccessCopyRequest),
        )
    ):
        whole = f"AccessRequestsService/{method}"
        assert sas.refusal(ada, whole, there) == sas.refusal(ada, whole, never)
    desk.out(asked.name, [seen.name])
    assert desk.stands(asked.name, ada).state == pb.ACCESS_REQUEST_STATE_ANSWERED
    desk.collects(copy.name)


def test_a_request_of_a_student_behind_a_wall_is_not_there(
    sas: House, desk: Desk, office: Office
) -> None:
    ada = adviser()
    office.opens_case(desk.zoe)
    asked = desk.asks()
    assert asked.name in desk.open_ones(ada)
    wall_off(sas, office.who, ada, student=desk.zoe.name)
    assert asked.name not in desk.open_ones(ada)
    with pytest.raises(NotAvailable):
        desk.stands(asked.name, ada)
    entered = pb.EnterAccessRequestRequest(
        student=desk.zoe.name,
        manner=pb.ACCESS_REQUEST_MANNER_IN_PERSON,
        request_id=str(uuid4()),
    )
    with pytest.raises(NotAvailable):
        desk.staff(sas.access.EnterAccessRequest, entered, ada)


def test_asking_tells_nothing_about_whether_there_is_anything(sas: House, desk: Desk) -> None:
    """R9: the same answer for a student of ours and for anybody else who can sign in."""
    nobody = student()
    Office(sas, adviser()).opens_case(desk.zoe)
    answers = [
        sas.call(who, sas.access.RequestAccess, pb.RequestAccessRequest(request_id=str(uuid4())))
        for who in (desk.zoe, nobody)
    ]
    for each in answers:
        each.name = each.student = ""
    assert answers[0] == answers[1]


def test_a_student_sees_their_own_requests_and_no_others(sas: House, desk: Desk) -> None:
    asked, other = desk.asks(), student()
    listing = pb.ListAccessRequestsRequest()
    mine = sas.call(desk.zoe, sas.access.ListAccessRequests, listing).access_requests
    assert [each.name for each in mine] == [asked.name]
    assert not sas.call(other, sas.access.ListAccessRequests, listing).access_requests
    method = "AccessRequestsService/GetAccessRequest"
    there, never = (
        pb.GetAccessRequestRequest(name=name) for name in (asked.name, f"accessRequests/{uuid4()}")
    )
    assert sas.refusal(other, method, there) == sas.refusal(other, method, never)
    with pytest.raises(SecondFactorNeeded):
        desk.stands(asked.name, adviser(second_factor=False))


def test_one_request_at_a_time(desk: Desk) -> None:
    desk.asks()
    with pytest.raises(WrongState):
        desk.asks()


def test_a_request_told_in_person_runs_from_the_day_it_was_made(sas: House, desk: Desk) -> None:
    """UK GDPR, article 12(3): a month from receipt, however it was made."""
    entered = desk.enters(received_on="2026-01-31")
    assert (entered.received_on, entered.due_on) == ("2026-01-31", "2026-03-02")
    assert entered.manner == pb.ACCESS_REQUEST_MANNER_IN_PERSON
    assert entered.name in desk.open_ones()
    mine = sas.call(desk.zoe, sas.access.ListAccessRequests, pb.ListAccessRequestsRequest())
    assert [each.due_on for each in mine.access_requests] == ["2026-03-02"]
    with pytest.raises(InvalidFields):
        Desk(desk.office, student()).enters(received_on="2999-01-01")


def test_it_is_extended_once_inside_the_first_month_and_she_is_shown_why(
    sas: House, desk: Desk
) -> None:
    extend = pb.ExtendAccessRequestRequest(reason=pb.ACCESS_EXTENSION_REASON_COMPLEX)
    extend.name = desk.asks().name
    first = desk.stands(extend.name).due_on
    desk.staff(sas.access.ExtendAccessRequest, extend)
    hers = desk.stands(extend.name, desk.zoe)
    assert hers.extended_because == pb.ACCESS_EXTENSION_REASON_COMPLEX
    assert hers.due_on > first
    with pytest.raises(WrongState):
        desk.staff(sas.access.ExtendAccessRequest, extend)
    late = Desk(desk.office, student())
    extend.name = late.enters(received_on="2026-01-31").name
    with pytest.raises(WrongState):
        late.staff(sas.access.ExtendAccessRequest, extend)


def test_the_clock_stands_while_we_wait_for_her(sas: House, desk: Desk) -> None:
    """Data (Use and Access) Act 2025; beginning and end are kept."""
    name = desk.enters(received_on="2026-09-03").name
    stop = pb.StopAccessClockRequest(
        name=name, reason=pb.ACCESS_CLOCK_REASON_CLARIFICATION, day="2026-09-05"
    )
    stopped = desk.staff(sas.access.StopAccessClock, stop)
    assert (stopped.state, stopped.due_on) == (pb.ACCESS_REQUEST_STATE_WAITING, "")
    assert stopped.waits_for == pb.ACCESS_CLOCK_REASON_CLARIFICATION
    with pytest.raises(WrongState):
        desk.staff(sas.access.StopAccessClock, stop)
    start = pb.StartAccessClockRequest(name=name, day="2026-09-04")
    with pytest.raises(InvalidFields):
        desk.staff(sas.access.StartAccessClock, start)
    start.day = "2026-09-12"
    started = desk.staff(sas.access.StartAccessClock, start)
    assert (started.state, started.due_on) == (pb.ACCESS_REQUEST_STATE_OPEN, "2026-10-12")
    assert [(each.what, each.day) for each in started.events] == [
        ("clock_stopped", "2026-09-05"),
        ("clock_started", "2026-09-12"),
    ]
    with pytest.raises(WrongState):
        desk.staff(sas.access.StartAccessClock, start)


def test_it_is_closed_without_a_copy_only_where_there_is_nothing(
    sas: House, desk: Desk, office: Office
) -> None:
    close = pb.CloseAccessRequestRequest(outcome=pb.ACCESS_REQUEST_OUTCOME_NOTHING_HELD)
    close.name = desk.asks().name
    closed = desk.staff(sas.access.CloseAccessRequest, close)
    assert closed.state == pb.ACCESS_REQUEST_STATE_CLOSED
    assert close.name not in desk.open_ones()
    note = office.writes_note(office.opens_case(desk.zoe).name)
    close.name = desk.asks().name
    with pytest.raises(WrongState):
        desk.staff(sas.access.CloseAccessRequest, close)
    close.outcome = pb.ACCESS_REQUEST_OUTCOME_WITHDRAWN
    desk.staff(sas.access.CloseAccessRequest, close)
    with pytest.raises(WrongState):
        desk.prepares(close.name, [note.name])


@pytest.mark.parametrize(
    "statement",
    [
        "update access_requests set received_on = now()",
        "delete from access_requests",
        "update access_copies set content_sealed = null",
        "delete from access_copies",
        "update access_request_events set day = now()",
        "delete from access_request_events",
    ],
)
def test_the_log_and_the_copies_are_only_added_to(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("cases_serve", statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select sealed from access_copies",
        "select student_id from access_requests",
        "select happening from access_request_events",
        "select item from access_left",
    ],
)
def test_the_worker_sees_neither_who_asked_nor_what_is_in_it(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("cases_work", statement)


def test_a_disposed_case_takes_its_copies_along(sas: House, desk: Desk, office: Office) -> None:
    """R27: no longer than that; nothing of the copy is left that could be opened."""
    case = office.opens_case(desk.zoe)
    copy = desk.out(desk.asks().name, [office.writes_note(case.name).name])
    sas.sql("update involvements set last_day = '2015-03-02' where student = %s", desk.zoe.name)
    dispose(sas, office.who, case.name, really=True)
    eventually(
        lambda: (
            sas.sql(
                "select wrapped_key, sealed, content_sealed, payload_salt, payload_digest"
                " from access_copies where id = %s",
                copy.name.partition("/")[2],
            )
            == [(None,) * 5]
        )
    )
    with pytest.raises(NotAvailable):
        desk.collects(copy.name)
