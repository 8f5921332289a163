"""What is hidden from a student, as telling them may be an offence, until it is lifted (R35)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sas.consent.v1 import breach_procedure_pb2, embargoes_pb2, ledger_pb2, records_pb2
from sas.consent.v1 import breach_tasks_pb2 as tasks_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, WrongState
from common.pages import decode_token
from services.consent.actions import breach_tasks, embargoes, ledger
from services.consent.domain.facts import Who
from tests.kit.house import Person
from tests.service.consent.breaching import EVERYTHING, FOR, UNDER_38B, Breach
from tests.service.consent.counting import counting
from tests.service.consent.deeds import Case, accesses
from tests.service.consent.house import House, in_days, staff, student


def shown(sas: House, who: Person) -> list[tuple[str, bool]]:
    """Give what a student's list says, without times."""
    return [(each.action, each.allowed) for each in accesses(sas, who)]


@pytest.fixture
def hidden(breach: Breach) -> Breach:
    """Give a breach that was decided and told under section 38B."""
    breach.under_38b()
    breach.advised_and_decided()
    breach.disclosed()
    return breach


def test_a_named_staff_member_lifts_it_and_the_student_sees_all_of_it(
    sas: House, hidden: Breach
) -> None:
    """R35: after lifting, the list shows the lines, and that they were hidden until then."""
    zoe = hidden.case.student
    assert shown(sas, zoe) == []
    lifted = hidden.lifted()
    entry = sas.last_entry(breach=hidden.name)
    assert (entry["action"], entry["actor"]) == ("embargo:lift", hidden.ada.name)
    assert entry["details"] == {"reason": "investigation_over"}

    lines = accesses(sas, zoe)
    assert [each.action for each in lines] == [
        "embargo:lift",
        "breach:disclose",
        "breach:decide",
        "breach:advise",
    ]
    assert not lines[0].HasField("embargoed_until")
    assert {each.embargoed_until.ToNanoseconds() for each in lines[1:]} == {
        lifted.lifted_at.ToNanoseconds()
    }


def test_the_ledger_holds_it_all_the_time(sas: House, hidden: Breach) -> None:
    zoe = hidden.case.student
    count = "select count(*) from entries where student = %s and breach = %s and effect = 'allow'"
    assert sas.sql(count, zoe.name, hidden.name) == [(3,)]
    hidden.lifted()
    assert sas.sql(count, zoe.name, hidden.name) == [(4,)]


def test_who_can_not_lift_it(sas: House, hidden: Breach) -> None:
    """It can't be taken back: only the staff member involved, or a manager."""
    with pytest.raises(RefusedByPolicy) as refused:
        hidden.lifted(staff())
    assert refused.value.reasons == ("embargo_of_another",)
    for outsider in (staff("trustee"), student(), hidden.case.student):
        with pytest.raises(NotAvailable):
            hidden.lifted(outsider)
    walled = staff("manager")
    hidden.case.walled(walled)
    with pytest.raises(NotAvailable):
        hidden.lifted(walled)
    assert hidden.embargo_in_the_list_of(walled) == []
    assert shown(sas, hidden.case.student) == []
    hidden.lifted(staff("manager"))
    with pytest.raises(RefusedByPolicy) as refused:
        hidden.lifted()
    assert refused.value.reasons == ("no_embargo_stands",)


def test_it_is_looked_at_every_30_days(sas: House, hidden: Breach) -> None:
    (embargo,) = hidden.embargo_in_the_list_of(hidden.ada)
    due = embargo.review_due_at.ToDatetime()
    assert due == embargo.begun_at.ToDatetime() + timedelta(days=30)
    assert not embargo.overdue
    ada = Who(hidden.ada.name, "staff", frozenset({"adviser"}), second_factor=True)
    with sas.parts(lambda: in_days(31)) as parts:
        late = breach_tasks.count(parts, ada).overdue_tasks
        stays = embargoes.review(parts, ada, hidden.name)
        assert stays.review_due_at > in_days(60)
        assert breach_tasks.count(parts, ada).overdue_tasks == late - 1
    assert sas.last_entry(breach=hidden.name)["action"] == "embargo:review"
    assert shown(sas, hidden.case.student) == []
    (before,) = hidden.embargo_in_the_list_of(hidden.ada)
    with pytest.raises(RefusedByPolicy):
        hidden.embargo_stays(staff())
    assert hidden.embargo_in_the_list_of(hidden.ada) == [before]


def test_there_is_nothing_to_lift_without_a_ground_with_tipping_off(breach: Breach) -> None:
    breach.told(**EVERYTHING)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.lifted()
    assert refused.value.reasons == ("no_embargo_stands",)


def test_what_the_student_has_seen_is_not_hidden_again(breach: Breach) -> None:
    breach.under_38b()
    breach.told(**EVERYTHING)
    breach.lifted()
    kept = EVERYTHING | UNDER_38B | {"student_first": EVERYTHING["student_first"]}
    with pytest.raises(WrongState):
        breach.told(kind="police", **kept)


# As the person tipped off


def test_nothing_a_student_can_ask_tells_that_something_is_hidden(sas: House) -> None:
    """
    R35: two students, the same advice, and one is disclosed to the police meanwhile.

    Everything that the one can get must be what the other gets, but for times and random names.
    """
    suspected, other = student(), student()
    seen = []
    for who in (suspected, other):
        case = Case.open(sas, who)
        item = case.item()
        for _ in range(3):
            case.opened(staff(), item)
        if who is suspected:
            breach = Breach.begin(sas, case)
            breach.told()
            with pytest.raises(RefusedByPolicy):
                breach.decided()
            breach.under_38b()
            breach.advised_and_decided()
            breach.disclosed()
            breach.embargo_stays()
        for _ in range(2):
            case.opened(staff(), item)
        seen.append(list(pages(sas, who)))
    assert [strip(page) for page in seen[0]] == [strip(page) for page in seen[1]]
    assert [len(page.accesses) for page in seen[0]] == [2, 2, 1]


def test_a_page_token_tells_no_place_in_the_ledger(sas: House, hidden: Breach) -> None:
    """A gap between two places would say that something happened in between."""
    for _ in range(3):
        hidden.case.opened(staff(), hidden.case.item())
    page = next(pages(sas, hidden.case.student))
    assert not decode_token(page.next_page_token).isdigit()
    assert {each.name for each in ledger_pb2.RecordAccess.DESCRIPTOR.fields} == {
        "time",
        "role",
        "action",
        "purpose",
        "allowed",
        "embargoed_until",
        "name",
    }
    with pytest.raises(InvalidFields):
        list(pages(sas, hidden.case.student, token="MTI"))
    other = Case.open(sas)
    other.opened(staff(), other.item())
    assert not next(pages(sas, other.student, token=page.next_page_token)).accesses


def test_the_time_a_page_takes_does_not_depend_on_what_is_hidden(
    sas: House, hidden: Breach
) -> None:
    """However many breaches there are, the database is asked the same few questions."""
    for _ in range(3):
        another = Breach.begin(sas, hidden.case)
        another.under_38b()
        another.advised_and_decided()
    asked = []
    with sas.without("consent-work"):  # if it changed a fact meanwhile, all would be asked again
        for who in (hidden.case.student, student()):
            caller = Who(who.name, "student")
            with sas.parts(lambda: in_days(0)) as parts, counting() as statements:
                ledger.list_accesses(parts, caller, after=None, count=50)
            asked.append(list(statements))
    assert asked[0] == asked[1]


def test_the_disposal_of_a_breach_shows_no_line_of_its_own(sas: House, hidden: Breach) -> None:
    """Or the number of records that were disposed of would tell, six years later."""
    manager = staff("manager")
    for record in (f"records/{hidden.uuid}", hidden.case.record):
        request = records_pb2.AuthoriseDisposalRequest(
            record=record, dispose_from_date="2020-10-01"
        )
        sas.call(manager, sas.cases.records.AuthoriseDisposal, request)
    assert shown(sas, hidden.case.student) == [("record:dispose", True)]


def test_the_student_who_guesses_the_name_gets_what_nobody_gets(sas: House, hidden: Breach) -> None:
    zoe = hidden.case.student
    unknown = str(uuid4())
    for method, request in (
        (
            "BreachTasksService/ReviewBreach",
            tasks_pb2.ReviewBreachRequest(answer=tasks_pb2.REVIEW_ANSWER_FOR),
        ),
        (
            "EmbargoesService/LiftEmbargo",
            embargoes_pb2.LiftEmbargoRequest(reason=embargoes_pb2.LIFT_REASON_LEGAL_ADVICE),
        ),
        ("EmbargoesService/ReviewEmbargo", embargoes_pb2.ReviewEmbargoRequest()),
        ("BreachProcedureService/GiveAdvice", breach_procedure_pb2.GiveAdviceRequest(answer=FOR)),
    ):
        refusals = set()
        for uuid in (hidden.uuid, unknown):
            request.name = f"breaches/{uuid}"
            refusals.add(sas.refusal(sas.gateway, zoe, method, request))
        assert len(refusals) == 1


def strip(page: ledger_pb2.ListAccessesResponse) -> tuple[object, ...]:
    """Give what a page says, without times, and how long its token is."""
    lines = [
        (each.role, each.action, each.purpose, each.allowed, each.HasField("embargoed_until"))
        for each in page.accesses
    ]
    return (*lines, len(page.next_page_token))


def pages(sas: House, who: Person, token: str = "") -> Iterator[ledger_pb2.ListAccessesResponse]:
    """Give every page of a student's list, two lines on each."""
    while True:
        request = ledger_pb2.ListAccessesRequest(page_size=2, page_token=token)
        page = sas.call(who, sas.gateway.ledger.ListAccesses, request)
        yield page
        token = page.next_page_token
        if not token:
            return
