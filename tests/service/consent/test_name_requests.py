"""
Which staff member a line of a student's list is about: asked, balanced, told.

R24: complying with GDPR. When and why a record was opened is the student's to see; which staff
member it was, if that is essential and the staff member's own rights are taken account of.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
import structlog
from sas.common.v1 import naming_pb2, purpose_pb2
from sas.consent.v1 import name_procedure_pb2 as pb

from common.errors import NotAvailable, RefusedByPolicy, SecondFactorNeeded
from services.consent.actions import housekeeping, name_requests
from services.consent.domain.facts import Who
from tests.kit.house import Person
from tests.service.consent.breaching import Breach
from tests.service.consent.counting import counting
from tests.service.consent.deeds import accesses
from tests.service.consent.house import House, in_days, staff, student
from tests.service.consent.naming import AGREED, ENOUGH, NEEDED, RISK, Asked, newest_line


@pytest.fixture
def manager() -> Person:
    return staff("manager")


@pytest.fixture
def asked(sas: House) -> Asked:
    return Asked.made_about(sas)


def refused(asked: Asked, who: Person, request: pb.AuthoriseNameDecisionRequest) -> tuple[str, ...]:
    with pytest.raises(RefusedByPolicy) as refusal:
        asked.sas.call(who, asked.sas.cases.names.AuthoriseNameDecision, request)
    return refusal.value.reasons


def test_the_life_of_a_request_for_a_name(sas: House, asked: Asked, manager: Person) -> None:
    (waits,) = asked.as_the_student_sees_it()
    assert waits.state == pb.NAME_REQUEST_STATE_ASKED
    (task,) = asked.in_the_tasks_of(manager)
    assert (task.staff_member, task.action, task.overdue) == (
        asked.ada.name,
        "case_note:read",
        False,
    )
    asked.said(view=naming_pb2.NAME_VIEW_OBJECTS)
    (task,) = asked.in_the_tasks_of(manager)
    assert task.view == naming_pb2.NAME_VIEW_OBJECTS
    with pytest.raises(RefusedByPolicy):
        asked.told()
    asked.decided(manager, NEEDED, RISK)
    assert asked.told() == asked.ada.name
    (answered,) = asked.as_the_student_sees_it()
    assert answered.state == pb.NAME_REQUEST_STATE_RELEASED
    assert not asked.in_the_tasks_of(manager)


def test_every_step_leaves_a_line_that_the_student_sees(
    sas: House, asked: Asked, manager: Person
) -> None:
    item = asked.item()
    asked.read(manager, item)
    asked.said()
    asked.decided(manager)
    asked.told()
    lines = [(each.role, each.action) for each in accesses(sas, asked.case.student)]
    assert lines[:5] == [
        ("student", "staff_name:release"),
        ("manager", "name_request:decide"),
        ("adviser", "name_request:give_view"),
        ("manager", "name_request:read"),
        ("student", "name_request:make"),
    ]


def test_the_ledger_says_what_was_weighed_and_holds_no_words(
    sas: House, asked: Asked, manager: Person
) -> None:
    asked.said(view=naming_pb2.NAME_VIEW_OBJECTS)
    asked.decided(manager, NEEDED, RISK)
    entry = sas.last_entry(action="name_request:decide", actor=manager.name)
    assert entry["details"] == {
        "answer": "release",
        "essential_for_rights": "release",
        "risk_to_staff_member": "withhold",
        "view": "objects",
    }
    assert entry["items"] == [asked.line]


def test_a_no_says_why_and_to_whom_the_student_can_turn(asked: Asked, manager: Person) -> None:
    """UK GDPR, article 12(4): the reasons, and the possibility of complaining."""
    asked.withheld(manager, ENOUGH, naming_pb2.NAME_GROUND_KNOWN_TO_THE_STUDENT)
    (answer,) = asked.as_the_student_sees_it()
    assert answer.state == pb.NAME_REQUEST_STATE_WITHHELD
    assert [each.ground for each in answer.reasons] == [ENOUGH]
    assert answer.reasons[0].words.startswith("Date, role and purpose let you check")
    assert "C-579/21" in answer.reasons[0].source
    assert "ico.org.uk/make-a-complaint" in answer.remedies
    with pytest.raises(RefusedByPolicy) as refusal:
        asked.told()
    assert refusal.value.reasons == ("name_not_released",)


def test_after_a_no_a_student_may_ask_again(sas: House, asked: Asked, manager: Person) -> None:
    again = Asked(sas, asked.case, asked.ada, asked.line)
    with pytest.raises(RefusedByPolicy) as refusal:
        again.made()
    assert refusal.value.reasons == ("name_already_asked",)
    assert not again.as_the_student_sees_it()
    asked.withheld(manager)
    again.made()
    again.decided(manager, not_heard=naming_pb2.NOT_HEARD_LEFT_THE_SERVICE)
    assert again.told() == asked.ada.name
    with pytest.raises(RefusedByPolicy):
        Asked(sas, asked.case, asked.ada, asked.line).made()


def test_what_is_called_twice_is_done_once(sas: House, asked: Asked, manager: Person) -> None:
    assert asked.made() == asked.made()
    view, decision = asked.to_say(), asked.to_decide()
    for _ in range(2):
        sas.call(asked.ada, sas.cases.names.AuthoriseNameView, view)
    for _ in range(2):
        sas.call(manager, sas.cases.names.AuthoriseNameDecision, decision)
    counted = sas.sql(
        "select action, count(*) from entries where record = %s group by action order by action",
        f"records/{asked.name.partition('/')[2]}",
    )
    assert counted == [("name_request:decide", 1), ("name_request:give_view", 1)]


# Who balances


def test_nobody_decides_about_their_own_name(sas: House, manager: Person) -> None:
    """The manager whose name it is: they can say what they think, and another manager decides."""
    asked = Asked.made_about(sas, ada=manager)
    assert refused(asked, manager, asked.to_decide()) == (
        "name_of_oneself",
        "staff_member_not_heard",
    )
    with pytest.raises(NotAvailable):
        asked.read(manager, asked.item())
    asked.said(manager)
    asked.decided(staff("manager"))
    assert asked.told() == manager.name


def test_no_adviser_decides_or_reads_why_it_is_asked(asked: Asked) -> None:
    asked.said()
    for adviser in (staff(), asked.ada):
        assert "balanced_by_no_manager" in refused(asked, adviser, asked.to_decide())
        with pytest.raises(NotAvailable):
            asked.read(adviser, asked.item())
    assert asked.in_the_tasks_of(staff()) == []


def test_a_manager_behind_a_wall_takes_no_part(sas: House, asked: Asked, manager: Person) -> None:
    asked.case.walled(manager)
    assert asked.in_the_tasks_of(manager) == []
    unknown = Asked(sas, asked.case, asked.ada, asked.line)
    refusals = {
        sas.refusal(
            sas.cases, manager, "NameProcedureService/AuthoriseNameDecision", each.to_decide()
        )
        for each in (asked, unknown)
    }
    assert len(refusals) == 1
    with pytest.raises(NotAvailable):
        asked.read(manager, asked.item())


def test_without_a_second_factor_nothing_is_decided(asked: Asked) -> None:
    with pytest.raises(SecondFactorNeeded):
        asked.decided(staff("manager", second_factor=False))


def test_outsiders_take_no_part(asked: Asked) -> None:
    for outsider in (staff("trustee"), staff("operator"), student(), asked.case.student):
        with pytest.raises(NotAvailable):
            asked.decided(outsider)
        with pytest.raises(NotAvailable):
            asked.said(outsider)


def test_it_is_decided_once(asked: Asked, manager: Person) -> None:
    asked.withheld(manager)
    asked_again = asked.to_decide(not_heard=naming_pb2.NOT_HEARD_LEFT_THE_SERVICE)
    assert refused(asked, staff("manager"), asked_again) == ("name_request_decided",)
    with pytest.raises(RefusedByPolicy):
        asked.said()
    with pytest.raises(RefusedByPolicy):
        asked.told()


# The staff member whose name it is


def test_the_staff_member_finds_it_in_their_tasks_and_is_heard(asked: Asked) -> None:
    (task,) = asked.in_the_tasks_of(asked.ada)
    assert task.staff_member == asked.ada.name
    asked.said(view=naming_pb2.NAME_VIEW_OBJECTS)
    asked.said(view=naming_pb2.NAME_VIEW_AGREES)
    with pytest.raises(RefusedByPolicy):
        asked.said(staff("manager"), view=naming_pb2.NAME_VIEW_OBJECTS)
    (task,) = asked.in_the_tasks_of(asked.ada)
    assert task.view == naming_pb2.NAME_VIEW_AGREES


def test_what_is_disposed_of_is_nobodys_task(sas: House, asked: Asked) -> None:
    """R27: and whose name it was has nothing to say any more."""
    assert asked.in_the_tasks_of(asked.ada)
    sas.sql("insert into disposals values (%s, now())", f"records/{asked.name.partition('/')[2]}")
    assert not asked.in_the_tasks_of(asked.ada)


def test_whoever_has_left_is_not_written_to(sas: House, manager: Person) -> None:
    """R24: they can't be heard any more, and what waits is none of theirs."""
    asked = Asked.about(sas)
    sas.knows(manager, "manager")
    sas.knows(asked.ada, until=in_days(-1))
    with sas.without("consent-work"):  # so that what is told stays where it can be seen
        asked.made()
        rows = sas.sql("select body::jsonb from outbox where event = 'sas.consent.v1.StaffAwaited'")
    told = {body["staff_member"] for (body,) in rows}
    assert manager.name in told
    assert asked.ada.name not in told


def test_nobody_is_named_unheard_unless_it_is_said_why(asked: Asked, manager: Person) -> None:
    assert refused(asked, manager, asked.to_decide()) == ("staff_member_not_heard",)
    asked.decided(manager, not_heard=naming_pb2.NOT_HEARD_NO_ANSWER_IN_TIME)
    assert asked.told() == asked.ada.name


def test_who_can_be_heard_is_not_said_to_have_left(asked: Asked, manager: Person) -> None:
    """What consent knows by itself is not for whoever decides to say otherwise."""
    asked.sas.knows(asked.ada)
    left = asked.to_decide(not_heard=naming_pb2.NOT_HEARD_LEFT_THE_SERVICE)
    walled = asked.to_decide(not_heard=naming_pb2.NOT_HEARD_CONFLICT_OF_INTEREST)
    for untrue in (left, walled):
        assert refused(asked, manager, untrue) == ("they_can_be_heard",)
    asked.case.walled(asked.ada)
    asked.decided(manager, not_heard=naming_pb2.NOT_HEARD_CONFLICT_OF_INTEREST)


def test_nobody_agrees_for_the_staff_member(asked: Asked, manager: Person) -> None:
    for view in (naming_pb2.NAME_VIEW_AGREES, naming_pb2.NAME_VIEW_OBJECTS):
        asked.said(view=view)  # the last counts
    assert refused(asked, manager, asked.to_decide(AGREED)) == ("agreement_not_given",)
    with pytest.raises(RefusedByPolicy) as refusal:
        asked.said(manager, view=naming_pb2.NAME_VIEW_AGREES)
    assert refusal.value.reasons == ("name_of_another",)
    asked.said(view=naming_pb2.NAME_VIEW_AGREES)
    asked.decided(manager, AGREED)


def test_an_answer_rests_on_a_ground_that_speaks_for_it(asked: Asked, manager: Person) -> None:
    asked.said()
    assert refused(asked, manager, asked.to_decide(ENOUGH)) == ("no_ground_for_the_answer",)
    no = asked.to_decide(NEEDED, answer=naming_pb2.NAME_ANSWER_WITHHOLD)
    assert refused(asked, manager, no) == ("no_ground_for_the_answer",)


# As a student who wants more than is theirs


def test_anothers_line_a_hidden_one_and_one_that_never_was_look_the_same(sas: House) -> None:
    """R9, R35: in the ledger too, where the refusal names neither record nor breach."""
    hidden = Breach.begin(sas)
    zoe = hidden.case.student
    hidden.under_38b()
    hidden.advised_and_decided()
    of_the_breach = sas.last_entry(breach=hidden.name)["entry"]
    others = Asked.about(sas).line
    refusals, entries = set(), []
    for line in (f"accesses/{of_the_breach}", others, f"accesses/{uuid4()}"):
        request = Asked(sas, hidden.case, staff(), line).to_make()
        method = "NameProcedureService/AuthoriseNameRequest"
        refusals.add(sas.refusal(sas.cases, zoe, method, request))
        entry = sas.last_entry(action="name_request:make", actor=zoe.name)
        random = ("about", "at", "entry", "index", "items", "nonce", "payload", "span", "trace")
        entries.append({key: value for key, value in entry.items() if key not in random})
    assert len(refusals) == 1
    assert entries[0] == entries[1] == entries[2]
    assert (entries[0]["record"], entries[0]["breach"], entries[0]["subject"]) == ("", "", "")
    hidden.lifted()
    Asked(sas, hidden.case, staff(), f"accesses/{of_the_breach}").made()


def test_the_questions_to_the_database_do_not_tell_what_is_hidden(sas: House) -> None:
    """R35: nor the time that they take, then."""
    hidden = Breach.begin(sas)
    hidden.under_38b()
    hidden.advised_and_decided()
    of_the_breach = sas.last_entry(breach=hidden.name)["entry"]
    zoe = Who(hidden.case.student.name, "student")
    statements = set()
    for entry in (of_the_breach, Asked.about(sas).line.partition("/")[2], str(uuid4())):
        with sas.parts(lambda: in_days(0)) as parts, counting() as counted:
            with pytest.raises(NotAvailable):
                name_requests.make(
                    parts,
                    zoe,
                    f"nameRequests/{uuid4()}",
                    line=f"accesses/{entry}",
                    payload_digest="a" * 64,
                )
            statements.add(tuple(counted))
    assert len(statements) == 1


def test_what_the_list_does_not_show_has_no_name(sas: House) -> None:
    """A line about oneself; one of another kind, such as looking at the list."""
    own = Asked.made_about(sas)
    assert newest_line(sas, own.case.student) != own.line
    of_ones_own = Asked(sas, own.case, own.ada, newest_line(sas, own.case.student))
    with pytest.raises(RefusedByPolicy) as refusal:
        of_ones_own.made()
    assert refusal.value.reasons == ("not_a_staff_members_line",)
    looked = sas.last_entry(action="access_list:read", actor=own.case.student.name)["entry"]
    with pytest.raises(NotAvailable):
        Asked(sas, own.case, own.ada, f"accesses/{looked}").made()


def test_a_name_is_told_to_nobody_but_the_student_who_asked(
    sas: House, asked: Asked, manager: Person
) -> None:
    asked.said()
    asked.decided(manager)
    unknown = Asked(sas, asked.case, asked.ada, asked.line)
    method = "NameProcedureService/AuthoriseNameRelease"
    refusals = {
        sas.refusal(sas.identity, student(), method, pb.AuthoriseNameReleaseRequest(name=each.name))
        for each in (asked, unknown)
    }
    assert len(refusals) == 1
    assert asked.as_the_student_sees_it()
    for other in (manager, asked.ada):
        with pytest.raises((NotAvailable, RefusedByPolicy)):
            asked.told(other)


def test_a_student_takes_over_nobodys_request(asked: Asked) -> None:
    """The name of a request is no key to it, whoever guesses or repeats it."""
    with pytest.raises(NotAvailable):
        asked.made(student())
    with pytest.raises(NotAvailable):
        asked.made(line=f"accesses/{uuid4()}")


def test_a_student_reads_what_they_wrote_and_not_what_was_said_about_it(
    asked: Asked, manager: Person
) -> None:
    own, view = asked.item(), asked.item(f"nameViews/{uuid4()}")
    mine = purpose_pb2.PURPOSE_OWN_RECORD
    assert len(asked.read(asked.case.student, own, purpose=mine).keys) == 1
    with pytest.raises(NotAvailable):
        asked.read(asked.case.student, own, view, purpose=mine)
    with pytest.raises(NotAvailable):
        asked.read(student(), own, purpose=mine)
    assert len(asked.read(manager, own, view).keys) == 2


def test_only_identity_is_told_whose_name_it_is(sas: House, asked: Asked, manager: Person) -> None:
    asked.said()
    asked.decided(manager)
    request = pb.AuthoriseNameReleaseRequest(name=asked.name)
    method = "NameProcedureService/AuthoriseNameRelease"
    for callers in (sas.cases, sas.gateway, sas.reports):
        assert sas.refusal(callers, asked.case.student, method, request)
    assert asked.told()


# What is hidden


def test_nothing_is_told_about_a_line_that_was_hidden_since(sas: House, manager: Person) -> None:
    """R35: a ground with tipping-off hides lines from before, and what was asked about them."""
    breach = Breach.begin(sas)
    breach.told(ground="grounds/serious-imminent-risk")
    with pytest.raises(RefusedByPolicy):
        breach.decided()
    asked = Asked(sas, breach.case, breach.ada, newest_line(sas, breach.case.student))
    asked.made()
    asked.said()
    asked.decided(manager)
    assert asked.told() == breach.ada.name
    another = Asked(sas, breach.case, manager, newest_line(sas, breach.case.student))
    breach.under_38b()
    zoe = breach.case.student
    assert asked.as_the_student_sees_it() == []
    assert not [each for each in accesses(sas, zoe) if "name" in each.action]
    with pytest.raises(NotAvailable):
        asked.told()
    with pytest.raises(NotAvailable):
        another.made()
    breach.lifted()
    assert asked.told() == breach.ada.name


def test_a_manager_decides_nothing_about_a_hidden_line(sas: House, manager: Person) -> None:
    breach = Breach.begin(sas)
    breach.told(ground="grounds/serious-imminent-risk")
    with pytest.raises(RefusedByPolicy):
        breach.decided()
    asked = Asked(sas, breach.case, breach.ada, newest_line(sas, breach.case.student))
    asked.made()
    breach.under_38b()
    (task,) = asked.in_the_tasks_of(manager)
    assert task.hidden
    asked.said()
    assert refused(asked, manager, asked.to_decide()) == ("line_hidden",)
    breach.lifted()
    asked.decided(manager)


# In time


def test_it_is_answered_within_a_month(sas: House, asked: Asked, manager: Person) -> None:
    """UK GDPR, article 12(3)."""
    (task,) = asked.in_the_tasks_of(manager)
    lasts = task.due_at.ToDatetime() - task.asked_at.ToDatetime()
    assert timedelta(days=28) <= lasts <= timedelta(days=32)
    who = Who(manager.name, "staff", frozenset({"manager"}), second_factor=True)
    with sas.parts(lambda: in_days(33)) as parts:
        (late,) = [each for each in name_requests.tasks(parts, who) if each.name == asked.name]
        assert late.overdue(parts.clock())


# Where the line is about another request


def test_the_name_behind_a_request_for_a_name_keeps_the_walls_of_the_case(
    sas: House, asked: Asked, manager: Person
) -> None:
    """However often one asks who looked at who looked: the case's wall stands around all of it."""
    asked.withheld(manager)
    again = asked
    for _ in range(4):
        again = Asked(sas, asked.case, manager, newest_line(sas, asked.case.student))
        again.made()
        other = staff("manager")
        again.withheld(other)
        manager = other
    last = Asked(sas, asked.case, manager, newest_line(sas, asked.case.student))
    last.made()
    walled = staff("manager")
    asked.case.walled(walled)
    with pytest.raises(NotAvailable):
        last.decided(walled)
    assert last.in_the_tasks_of(walled) == []


def test_the_operators_are_alerted_by_a_number(sas: House, asked: Asked) -> None:
    """And the worker who counts may see neither whose request it is, nor any answer."""
    with (
        sas.parts(lambda: in_days(0)) as parts,
        parts.new_work() as work,
        structlog.testing.capture_logs() as logged,
    ):
        housekeeping.watch_name_requests(work.connection, in_days(33))
    (alert,) = [each for each in logged if each["event"] == "name_requests_overdue"]
    assert alert["count"] >= 1
    assert set(alert) == {"event", "log_level", "count"}
    sas.sql_as(
        "consent_work",
        "select r.due_at from name_requests r left join name_decisions d using (name_request)",
    )
    for hidden in (
        "student from name_requests",
        "released from name_decisions",
        "view from name_views",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sas.sql_as("consent_work", f"select {hidden}")


def test_the_grounds_come_with_their_sources(sas: House) -> None:
    found = sas.call(
        staff(), sas.gateway.names.ListNameGrounds, pb.ListNameGroundsRequest()
    ).grounds
    assert {each.answer for each in found} == {
        naming_pb2.NAME_ANSWER_RELEASE,
        naming_pb2.NAME_ANSWER_WITHHOLD,
    }
    assert {each.ground for each in found} == set(naming_pb2.NameGround.values()) - {0}
    assert all(each.words and each.source for each in found)
