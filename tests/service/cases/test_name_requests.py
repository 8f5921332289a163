"""
The words around a request for the name behind a line: the student's, the staff's, the reasons.

R24: complying with GDPR. Consent has the procedure (`service/consent/test_name_requests.py`); here
is where the words lie, who reads them, and that they go with what they are about.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.cases.v1 import name_requests_pb2 as pb
from sas.common.v1 import naming_pb2
from sas.consent.v1 import ledger_pb2, walls_pb2

from common.errors import NotAvailable, RefusedByPolicy
from tests.kit.house import Person, eventually
from tests.service.cases.house import ADVISER, House, adviser, student
from tests.service.cases.office import CANARY, LONG_AGO, Office, dispose

NEEDED = naming_pb2.NAME_GROUND_ESSENTIAL_FOR_RIGHTS


def manager() -> Person:
    """Make up a manager."""
    return Person(f"staffMembers/{uuid4()}", "staff", frozenset({"manager"}), ADVISER)


@attrs.frozen
class Wish:
    """A student who wants to know who has read their note."""

    sas: House
    zoe: Person
    line: str
    name: str

    @classmethod
    def made(cls, office: Office, zoe: Person, case: str = "", **said: Any) -> Wish:
        """Let the office read a note, and the student ask who it was."""
        case = case or office.opens_case(zoe).name
        office.reads_note(office.writes_note(case, contact_date=LONG_AGO).name)
        line = newest_line(office.sas, zoe)
        asked = office.sas.call(zoe, office.sas.name_requests.AskForName, to_ask(line, **said))
        return cls(office.sas, zoe, line, asked.name)

    def read(self, who: Person) -> pb.NameRequestRecord:
        """Open what was said."""
        request = pb.GetNameRequestRequest(name=self.name)
        return self.sas.call(who, self.sas.name_requests.GetNameRequest, request)

    def viewed(self, who: Person, request_id: str = "") -> None:
        """Say, as the staff member, what they think."""
        request = pb.GiveNameViewRequest(
            name=self.name,
            view=naming_pb2.NAME_VIEW_OBJECTS,
            words=f"{CANARY} view",
            request_id=request_id or str(uuid4()),
        )
        self.sas.call(who, self.sas.name_requests.GiveNameView, request)

    def decided(self, who: Person, **changes: Any) -> None:
        """Decide that the student is told."""
        self.sas.call(who, self.sas.name_requests.DecideNameRequest, self.to_decide(**changes))

    def to_decide(self, **changes: Any) -> pb.DecideNameRequestRequest:
        """Build the decision."""
        said: dict[str, Any] = {
            "name": self.name,
            "answer": naming_pb2.NAME_ANSWER_RELEASE,
            "grounds": [NEEDED],
            "reasons": f"{CANARY} reasons",
            "request_id": str(uuid4()),
        }
        return pb.DecideNameRequestRequest(**said | changes)


def to_ask(line: str, **said: Any) -> pb.AskForNameRequest:
    """Build the student's request."""
    fields = {"line": line, "why": f"{CANARY} why", "request_id": str(uuid4())}
    return pb.AskForNameRequest(**fields | said)


def newest_line(sas: House, zoe: Person) -> str:
    """Give the newest line of a student's list."""
    found = sas.call(zoe, sas.ledger.ListAccesses, ledger_pb2.ListAccessesRequest())
    return found.accesses[0].name


def test_a_name_is_asked_for_discussed_and_decided(office: Office, zoe: Person) -> None:
    wish, lea = Wish.made(office, zoe), manager()
    assert wish.read(lea).why == f"{CANARY} why"
    wish.viewed(office.who)
    wish.decided(lea)
    read = wish.read(lea)
    assert [(each.author, each.words) for each in read.views] == [
        (office.who.name, f"{CANARY} view")
    ]
    assert (read.reasons.author, read.reasons.words) == (lea.name, f"{CANARY} reasons")


def test_the_student_reads_what_they_wrote_and_nothing_that_was_said_about_it(
    office: Office, zoe: Person
) -> None:
    wish = Wish.made(office, zoe)
    wish.viewed(office.who)
    wish.decided(manager())
    read = wish.read(zoe)
    assert read.why == f"{CANARY} why"
    assert not read.views
    assert not read.HasField("reasons")


def test_the_staff_member_does_not_get_to_read_why_the_student_asks(
    office: Office, zoe: Person
) -> None:
    """A student says freely why they are worried about somebody."""
    wish = Wish.made(office, zoe)
    for who in (office.who, adviser(), student()):
        with pytest.raises(NotAvailable):
            wish.read(who)


def test_a_call_that_is_repeated_says_it_once(sas: House, office: Office, zoe: Person) -> None:
    again = str(uuid4())
    wish = Wish.made(office, zoe, request_id=again)
    repeated = sas.call(zoe, sas.name_requests.AskForName, to_ask(wish.line, request_id=again))
    assert repeated.name == wish.name
    lea, decision = manager(), wish.to_decide()
    for _ in range(2):
        wish.viewed(office.who, request_id=again.replace(again[:4], "abcd"))
    for _ in range(2):
        sas.call(lea, sas.name_requests.DecideNameRequest, decision)
    read = wish.read(lea)
    assert len(read.views) == 1
    assert read.reasons.words == f"{CANARY} reasons"


def test_what_is_refused_never_counts(sas: House, office: Office, zoe: Person) -> None:
    wish, lea = Wish.made(office, zoe), manager()
    with pytest.raises(RefusedByPolicy):  # the staff member was not heard
        wish.decided(lea)
    with pytest.raises(RefusedByPolicy):  # it is another's name
        wish.viewed(adviser())
    read = wish.read(lea)
    assert not read.views
    assert not read.HasField("reasons")
    counted = sas.sql(
        "select part, counts from name_request_words where name_request_id = %s order by part",
        wish.name.partition("/")[2],
    )
    assert counted == [("nameDecisions", False), ("nameRequests", True), ("nameViews", False)]


def test_a_line_that_is_not_theirs_and_none_at_all_look_the_same(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9: what a student writes about a line that is not theirs can be opened by nobody."""
    other = student()
    note = office.writes_note(office.opens_case(other).name)
    office.reads_note(note.name)
    refusals = {
        sas.refusal(zoe, "NameRequestsService/AskForName", to_ask(line))
        for line in (newest_line(sas, other), f"accesses/{uuid4()}")
    }
    assert len(refusals) == 1
    kept = sas.sql("select id from name_requests where student = %s", zoe.name)
    for (id_,) in kept:
        with pytest.raises(NotAvailable):
            Wish(sas, zoe, "", f"nameRequests/{id_}").read(zoe)


def test_a_manager_behind_a_wall_learns_nothing_of_it(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe).name
    wish, lea = Wish.made(office, zoe, case), manager()
    wall = walls_pb2.DeclareWallRequest(
        record=f"records/{case.partition('/')[2]}", request_id=str(uuid4())
    )
    sas.call(lea, sas.walls.DeclareWall, wall)
    nothing = Wish(sas, zoe, "", f"nameRequests/{uuid4()}")
    for method, build in (
        ("GetNameRequest", lambda each: pb.GetNameRequestRequest(name=each.name)),
        ("DecideNameRequest", lambda each: each.to_decide()),
    ):
        refusals = {
            sas.refusal(lea, f"NameRequestsService/{method}", build(each))
            for each in (wish, nothing)
        }
        assert len(refusals) == 1


def test_no_word_lies_open(sas: House, office: Office, zoe: Person) -> None:
    wish = Wish.made(office, zoe)
    wish.viewed(office.who)
    wish.decided(manager())
    assert CANARY.encode() not in sas.dump()


def test_asking_is_a_message_of_the_student(sas: House, office: Office, zoe: Person) -> None:
    """R26: the last involvement moves."""
    case = office.opens_case(zoe, contact_date=LONG_AGO).name
    before = dispose(sas, office.who, case, really=False).dispose_from_date
    Wish.made(office, zoe, case)
    assert dispose(sas, office.who, case, really=False).dispose_from_date > before


@pytest.mark.parametrize("about", ["this case", "another case", "the form"])
def test_it_goes_with_the_next_case_of_the_student(
    sas: House, office: Office, zoe: Person, about: str
) -> None:
    """R27: we retain this information for that long, and no longer, whatever the line is about."""
    case = office.opens_case(zoe, contact_date=LONG_AGO).name
    wish = Wish.made(office, zoe, case if about == "this case" else "")
    if about == "the form":
        # identity keeps it; here it is the name of a record, and nothing else
        sas.sql(
            "update name_requests set about_record = %s where id = %s",
            f"records/{uuid4()}",
            wish.name.partition("/")[2],
        )
    long_ago = "update involvements set last_day = %s where student = %s returning last_day"
    sas.sql(long_ago, LONG_AGO, zoe.name)
    assert dispose(sas, office.who, case, really=True).authorised
    record = f"records/{wish.name.partition('/')[2]}"
    counted = "select count(*) from disposals where record = %s"
    eventually(lambda: sas.sql(counted, record) == [(1,)])
    with pytest.raises(NotAvailable):
        wish.read(zoe)
    left = sas.sql(
        "select wrapped_key, sealed, salt, digest from name_request_words"
        " where name_request_id = %s",
        wish.name.partition("/")[2],
    )
    assert left == [(None, None, None, None)]
