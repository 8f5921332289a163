"""The student first, the emergency path, and what colleagues are asked to do (R33, R35, R36)."""

from __future__ import annotations

from datetime import timedelta

import attrs
import psycopg
import pytest
import structlog
from sas.consent.v1 import breach_procedure_pb2 as procedure
from sas.consent.v1 import breach_tasks_pb2 as tasks

from common.db import Database, transaction
from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, WrongState
from services.consent.actions import breach_tasks, housekeeping
from services.consent.domain.facts import Who
from services.consent.domain.staff import StaffRole
from services.consent.storage.staff import Staff
from tests.service.consent.breaching import AGAINST, EVERYTHING, UNDER_38B, Breach
from tests.service.consent.deeds import accesses, stamp
from tests.service.consent.house import House, in_days, staff, student


def test_whose_safety_is_an_answer_of_its_own(breach: Breach) -> None:
    """R33: "serious and imminent risk to the student's own or to others' safety"."""
    assert "whose_safety_missing" in breach.told(**EVERYTHING | {"whose_safety": ""})
    assert "whose_safety_missing" not in breach.told(**EVERYTHING | {"whose_safety": "others"})


def test_an_attempt_to_speak_to_the_student_is_when_how_and_with_which_result(
    sas: House, breach: Breach
) -> None:
    """R35: "we would normally seek to speak to the student first"."""
    tried = procedure.BreachFactsStudentFirst(
        attempted_at=stamp(in_days(0)), channel="telephone", result="not_reached"
    )
    for left_out in ("attempted_at", "channel", "result"):
        half = procedure.BreachFactsStudentFirst()
        half.CopyFrom(tried)
        half.ClearField(left_out)
        assert "student_not_spoken_to" in breach.told(**EVERYTHING | {"student_first": half})
    assert breach.told(**EVERYTHING | {"student_first": tried}) == ["advice_missing"]
    breach.advised_and_decided()
    assert sas.last_entry(breach=breach.name)["details"]["student_first"] == "attempted"


def test_under_tipping_off_speaking_to_the_student_is_switched_off(breach: Breach) -> None:
    """R35: and the staff member is warned, in the answer to choosing such a ground."""
    with pytest.raises(InvalidFields) as refused:
        breach.told(kind="police", **EVERYTHING | {"ground": UNDER_38B["ground"]})
    assert "student_first" in refused.value.violations
    breach.under_38b()
    bob = staff()
    assert list(breach.asks(bob).warnings) == ["tipping_off"]
    assert list(breach.waits_for_advice_of(bob)[0].warnings) == ["tipping_off"]
    tried = procedure.BreachFactsStudentFirst(why_not="no_time")
    with pytest.raises(InvalidFields):
        breach.told(kind="police", **EVERYTHING | UNDER_38B | {"student_first": tried})


def test_an_attempt_from_before_such_a_ground_was_chosen_stays_recorded(breach: Breach) -> None:
    breach.told(**EVERYTHING)
    kept = EVERYTHING | UNDER_38B | {"student_first": EVERYTHING["student_first"]}
    assert breach.told(kind="police", **kept) == ["advice_missing"]


def test_a_colleague_who_is_asked_finds_it_in_their_list(breach: Breach) -> None:
    """R36: "at least one other staff member should be informed and asked for their advice"."""
    bob, other = staff(), staff()
    breach.told(**EVERYTHING)
    assert breach.waits_for_advice_of(bob) == []
    breach.asks(bob)
    assert breach.waits_for_advice_of(bob)[0].asked_by == breach.ada.name
    assert breach.waits_for_advice_of(other) == []
    breach.advised(bob, AGAINST)
    assert breach.waits_for_advice_of(bob) == []


def test_whoever_is_asked_again_is_told_once(sas: House, breach: Breach) -> None:
    """R36: a mail for each time that somebody presses a button would be read by nobody."""
    bob = staff()
    breach.told(**EVERYTHING)
    with sas.without("consent-work"):  # so that what is told stays where it can be seen
        for _ in range(2):
            breach.asks(bob)
        told = "select count(*) from outbox where body::jsonb ->> 'staff_member' = %s"
        assert sas.sql(told, bob.name) == [(1,)]


def test_a_request_for_advice_behind_a_wall_is_in_nobodys_list(breach: Breach) -> None:
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.case.walled(bob)
    assert breach.waits_for_advice_of(bob) == []


def test_nobody_is_asked_about_what_is_decided(breach: Breach) -> None:
    bob, late = staff(), staff()
    breach.told(**EVERYTHING)
    breach.asks(late)
    breach.asks(bob)
    breach.advised(bob)
    breach.decided()
    assert breach.waits_for_advice_of(late) == []


def test_a_leaver_does_not_advise(breach: Breach) -> None:
    """R36: another *staff member*: whose role has ended is none, though they were asked before."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    with pytest.raises(NotAvailable):
        breach.advised(attrs.evolve(bob, roles=frozenset()))
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("advice_missing",)


def test_a_leaver_is_not_asked(sas: House, breach: Breach) -> None:
    """R36: "at least one other staff member": current, and of the Service. All get one answer."""
    gone, trustee, walled, unknown = staff(), staff(), staff(), staff()
    sas.knows(gone, until=in_days(-1))
    sas.knows(trustee, role="trustee")
    breach.case.walled(walled)
    breach.told(**EVERYTHING)
    said = set()
    for colleague in (gone, trustee, walled):
        with pytest.raises(InvalidFields) as refused:
            breach.asks(colleague)
        said.add(str(refused.value.violations))
    request = procedure.AskForAdviceRequest(name=breach.name, colleague=unknown.name)
    with pytest.raises(InvalidFields) as refused:
        sas.call(breach.ada, sas.gateway.procedure.AskForAdvice, request)
    assert said == {str(refused.value.violations)}


def test_whoever_leaves_before_they_answer_was_not_asked_in_vain_unnoticed(
    sas: House, breach: Breach
) -> None:
    """R36: a session that outlives the role by a moment gives no advice, and somebody else is."""
    bob, eve = staff(), staff()
    breach.told(**EVERYTHING)
    assert [each.left for each in breach.asks(bob).advice] == [False]
    sas.sql("update staff_roles set ends_at = now() where staff_member = %s", bob.name)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.advised(bob)
    assert refused.value.reasons == ("not_asked_for_advice",)
    found = breach.asks(eve)
    assert {each.colleague: each.left for each in found.advice} == {
        bob.name: True,
        eve.name: False,
    }
    assert list(found.missing) == ["advice_missing"]
    breach.advised(eve)
    breach.decided()


def test_advice_counts_that_was_given_before_somebody_left(sas: House, breach: Breach) -> None:
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    sas.sql("update staff_roles set ends_at = now() where staff_member = %s", bob.name)
    breach.decided()


def test_a_role_that_is_told_late_changes_nothing(sas: House) -> None:
    """Events arrive in any order, and twice; with the rights of the worker that reads them."""
    bob = staff()
    ended = StaffRole(bob.name, 3, "adviser", in_days(-9), in_days(-1))
    earlier = StaffRole(bob.name, 2, "adviser", in_days(-9), in_days(9))
    again = StaffRole(bob.name, 4, "manager", in_days(-1), in_days(9))
    database = Database(sas.settings("consent-work"), sas.vault("consent-work"))
    known = []
    for told in (ended, earlier, ended, again):
        with transaction(database.engine) as connection:
            housekeeping.note_role(connection, told)
            known.append(Staff(connection).is_of_the_service(bob.name, in_days(0)))
    database.close()
    assert known == [False, False, False, True]


# The emergency path


def test_in_an_emergency_it_is_decided_first_and_reviewed_within_24_hours(
    sas: House, breach: Breach
) -> None:
    """R36: nobody reachable, so a colleague reviews it, from a session of their own."""
    breach.told(**EVERYTHING)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided(emergency=True)
    assert refused.value.reasons == ("nobody_reachable_unsaid",)
    breach.decided_in_an_emergency()
    assert sas.last_entry(breach=breach.name)["details"]["emergency"] == "yes"

    bob = staff()
    (task,) = breach.waits_for_review_by(bob)
    assert (task.involved, task.overdue) == (breach.ada.name, False)
    within = task.due_at.ToDatetime() - task.decided_at.ToDatetime()
    assert within == timedelta(hours=24)
    breach.disclosed()

    answer = breach.reviewed(bob, tasks.REVIEW_ANSWER_AGAINST)
    assert answer.answer == tasks.REVIEW_ANSWER_AGAINST
    assert breach.waits_for_review_by(bob) == []
    entry = sas.last_entry(breach=breach.name)
    assert (entry["action"], entry["actor"]) == ("breach:review", bob.name)
    assert entry["details"] == {"review": "against"}
    with pytest.raises(RefusedByPolicy) as refused:
        breach.reviewed(staff())
    assert refused.value.reasons == ("no_review_waits",)


def test_who_can_not_review(breach: Breach) -> None:
    breach.decided_in_an_emergency()
    with pytest.raises(RefusedByPolicy) as refused:
        breach.reviewed(breach.ada)
    assert refused.value.reasons == ("review_by_oneself",)
    walled = staff()
    breach.case.walled(walled)
    assert breach.waits_for_review_by(walled) == []
    for outsider in (walled, staff("trustee"), student()):
        with pytest.raises(NotAvailable):
            breach.reviewed(outsider)
    assert len(breach.waits_for_review_by(staff())) == 1


def test_an_emergency_is_no_way_around_a_colleagues_no(breach: Breach) -> None:
    """R37: a no is no veto, and is not passed over either."""
    bob = staff()
    breach.told(**EVERYTHING | {"has_nobody_reachable": True})
    breach.asks(bob)
    breach.advised(bob, AGAINST)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided(emergency=True)
    assert "a_colleague_was_reached" in refused.value.reasons


def test_a_review_that_is_overdue_is_seen_and_counted(sas: House, breach: Breach) -> None:
    breach.decided_in_an_emergency()
    bob = Who(staff().name, "staff", frozenset({"adviser"}), second_factor=True)
    with sas.parts(lambda: in_days(0.5)) as parts:
        before = breach_tasks.count(parts, bob).overdue_tasks
    with sas.parts(lambda: in_days(1.01)) as parts:
        waiting = breach_tasks.awaiting_review(parts, bob)
        ours = [each for each in waiting if each.facts.breach == breach.name]
        assert [breach_tasks.overdue(each, in_days(1.01)) for each in ours] == [True]
        assert breach_tasks.count(parts, bob).overdue_tasks > before
    breach.reviewed(staff())
    with sas.parts(lambda: in_days(1.01)) as parts, parts.new_work() as work:
        reviewed = work.breaches.find(breach.name)
        assert reviewed is not None
        assert not breach_tasks.overdue(reviewed, in_days(1.01))


def test_what_is_disposed_of_waits_for_nobody(sas: House, breach: Breach) -> None:
    """R27: and a list of tasks does not keep what nothing else has any more."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    assert breach.waits_for_advice_of(bob)
    sas.sql("insert into disposals values (%s, now())", f"records/{breach.uuid}")
    assert not breach.waits_for_advice_of(bob)


def test_whoever_is_behind_a_wall_counts_without_it(sas: House, breach: Breach) -> None:
    """R10, R32: no number tells that there is something behind one's own wall."""
    breach.under_38b()
    breach.told(kind="police", **EVERYTHING | UNDER_38B | {"has_nobody_reachable": True})
    breach.decided(emergency=True)
    manager = staff("manager")
    counting = Who(manager.name, "staff", frozenset({"manager"}), second_factor=True)
    with sas.parts(lambda: in_days(40)) as parts:
        before = breach_tasks.count(parts, counting)
        breach.case.walled(manager)
        after = breach_tasks.count(parts, counting)
    decided = [sum(each.decided for each in found.terms) for found in (before, after)]
    assert decided[1] == decided[0] - 1
    # Its review, and its embargo.
    assert after.overdue_tasks == before.overdue_tasks - 2


def test_the_operators_are_alerted_by_a_number_and_nobodys_name(sas: House, breach: Breach) -> None:
    """And the worker who counts may see nothing else of a breach: no ground, no staff member."""
    breach.decided_in_an_emergency()
    with (
        sas.parts(lambda: in_days(0)) as parts,
        parts.new_work() as work,
        structlog.testing.capture_logs() as logged,
    ):
        housekeeping.watch_breaches(work.connection, in_days(1.01))
    (alert,) = [each for each in logged if each["event"] == "breach_reviews_overdue"]
    assert set(alert) == {"event", "log_level", "count"}
    assert alert["count"] >= 1
    sas.sql_as("consent_work", "select decided_at, emergency from breach_decisions")
    for hidden in ("decided_by from breach_decisions", "reviewed_by from breach_reviews"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sas.sql_as("consent_work", f"select {hidden}")


# Adding


def test_what_was_decided_is_corrected_by_adding_to_it(sas: House, breach: Breach) -> None:
    """R38: immutable; a correction is an addendum."""
    breach.told(**EVERYTHING)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.added()
    assert refused.value.reasons == ("breach_not_decided",)
    breach.advised_and_decided()
    with pytest.raises(WrongState):
        breach.told(**EVERYTHING | {"serious": False})
    bob = staff()
    assert breach.added(bob) == breach.added() - 1
    entry = sas.last_entry(breach=breach.name, actor=bob.name, action="breach:add")
    assert entry["about"].startswith(f"{breach.name}/addenda/")
    assert entry["payload"]
    seen = [each.action for each in accesses(sas, breach.case.student)]
    assert seen[:2] == ["breach:add", "breach:add"]


# Counting


def test_breaches_are_counted_by_term_and_by_nothing_else(sas: House, breach: Breach) -> None:
    """R32: "in very rare circumstances": counted, without identity."""
    operator = staff("operator", permissions=frozenset({"breach:count"}))

    def counted() -> tasks.TermCount:
        request = tasks.CountBreachesRequest()
        return sas.call(operator, sas.gateway.tasks.CountBreaches, request).terms[0]

    before = counted()
    breach.told(**EVERYTHING)
    breach.advised_and_decided()
    after = counted()
    assert (after.decided, after.in_emergency) == (before.decided + 1, before.in_emergency)
    assert {each.name for each in tasks.TermCount.DESCRIPTOR.fields} == {
        "term",
        "decided",
        "in_emergency",
        "unusual",
    }
    with pytest.raises(NotAvailable):
        sas.call(student(), sas.gateway.tasks.CountBreaches, tasks.CountBreachesRequest())
