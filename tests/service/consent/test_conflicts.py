"""R10: what a wall hides, from whom, and what somebody is told who asks before they advise."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import breach_tasks_pb2 as tasks
from sas.consent.v1 import records_pb2

from common.errors import NotAvailable, RefusedByPolicy, SecondFactorNeeded
from tests.kit.house import Person
from tests.service.consent.breaching import EVERYTHING, Breach
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff, student
from tests.service.consent.walling import declare, hidden_from, lift, register, should_pass_on

ENQUIRY = records_pb2.RECORD_KIND_ENQUIRY
FORM = records_pb2.RECORD_KIND_REGISTRATION_FORM
CASE = records_pb2.RECORD_KIND_CASE


def test_who_has_no_conflict_of_interest_sees_everything(sas: House, case: Case) -> None:
    declare(sas, staff(), case)
    nothing = hidden_from(sas, staff())
    assert (list(nothing.records), list(nothing.students)) == ([], [])


def test_behind_a_wall_around_a_case_is_all_that_belongs_to_it(sas: House, case: Case) -> None:
    """Its breaches, and the enquiry that it grew from; and nothing once it is taken down."""
    ada = staff()
    enquiry = register(sas, ENQUIRY)
    grown = Case(sas, case.student, register(sas, CASE, student=case.student.name, parent=enquiry))
    breach = Breach.begin(sas, grown)
    wall = declare(sas, ada, grown)
    behind = {grown.record, enquiry, f"records/{breach.uuid}"}
    assert set(hidden_from(sas, ada).records) == behind
    for record in behind:
        assert should_pass_on(sas, ada, records=record)
    lift(sas, staff("manager"), wall)
    assert not hidden_from(sas, ada).records


def test_a_wall_around_an_enquiry_stands_around_the_case_it_becomes(sas: House) -> None:
    ada, enquiry = staff(), register(sas, ENQUIRY)
    declare(sas, ada, Case(sas, student(), enquiry))
    grown = register(sas, CASE, student=student().name, parent=enquiry)
    assert set(hidden_from(sas, ada).records) == {enquiry, grown}
    assert should_pass_on(sas, ada, records=grown)


def test_a_wall_around_a_student_stands_around_what_is_still_to_come(
    sas: House, case: Case
) -> None:
    ada, zoe = staff(), case.student
    form = register(sas, FORM, student=zoe.name)
    declare(sas, staff(), zoe, staff_member=ada.name)
    later = Case.open(sas, zoe)
    found = hidden_from(sas, ada)
    assert set(found.records) == {case.record, form, later.record}
    assert list(found.students) == [zoe.name]
    for each in (case, later):
        with pytest.raises(NotAvailable):
            each.opened(ada, each.item())


def test_who_may_see_none_of_a_students_cases_does_not_find_the_student(
    sas: House, case: Case
) -> None:
    """A student without any case would tell them that there is one; with another, nothing does."""
    ada, zoe = staff(), case.student
    form = register(sas, FORM, student=zoe.name)
    reading = records_pb2.OpenRecordRequest(
        record=form, action="registration_form:read", purpose=purpose_pb2.PURPOSE_ADVICE
    )
    sas.call(ada, sas.identity.records.OpenRecord, reading)
    declare(sas, ada, case)
    assert list(hidden_from(sas, ada).students) == [zoe.name]
    with pytest.raises(NotAvailable):
        sas.call(ada, sas.identity.records.OpenRecord, reading)
    Case.open(sas, zoe)
    assert not hidden_from(sas, ada).students
    sas.call(ada, sas.identity.records.OpenRecord, reading)


def test_somebody_asks_before_they_advise_and_is_told_no_more_than_that(
    sas: House, case: Case
) -> None:
    """Never why; and an unknown student, a known one and no student at all are one answer (R9)."""
    ada, zoe = staff(), case.student
    declare(sas, ada, Case.open(sas).student)  # somebody else altogether
    for anybody in ("", student().name, zoe.name):
        assert not should_pass_on(sas, ada, student=anybody)
    assert not should_pass_on(sas, ada, records=f"records/{uuid4()}")
    Case.open(sas, zoe)
    declare(sas, ada, case)
    # A wall around one of two cases hides no student, but is a reason to pass them on.
    assert should_pass_on(sas, ada, student=zoe.name)
    assert should_pass_on(sas, ada, records=f"records/{uuid4()} {case.record}")
    assert not should_pass_on(sas, staff(), student=zoe.name)


def test_asking_around_is_seen_in_the_ledger(sas: House, case: Case) -> None:
    """Whoever asks for one student after the other leaves a line for each."""
    ada, zoe = staff(), case.student
    should_pass_on(sas, ada, student=zoe.name)
    entry = sas.last_entry(action="conflict:check", actor=ada.name)
    assert entry["items"] == [zoe.name]
    assert not sas.sql(
        "select 1 from entries where action = 'conflict:check' and student = %s", zoe.name
    )


def test_only_the_staff_ask(sas: House, case: Case) -> None:
    for who in (student(), staff("trustee")):
        with pytest.raises(NotAvailable):
            should_pass_on(sas, who, records=case.record)
    with pytest.raises(SecondFactorNeeded):
        should_pass_on(sas, staff(second_factor=False), records=case.record)


def around_the_case(sas: House, breach: Breach, by: Person) -> None:
    declare(sas, by, breach.case, staff_member=breach.ada.name)


def test_what_a_colleague_puts_up_is_no_veto(sas: House, breach: Breach) -> None:
    """R37: ultimately it is up to the staff member involved. All else of the case is hidden."""
    breach.told(**EVERYTHING)
    for by in (staff(), staff("manager")):
        around_the_case(sas, breach, by)
    with pytest.raises(NotAvailable):
        breach.case.opened(breach.ada, breach.case.item())
    assert set(hidden_from(sas, breach.ada).records) == {breach.case.record}
    breach.told(**EVERYTHING)
    breach.advised_and_decided()
    breach.disclosed()
    breach.added()


def test_who_steps_aside_does_not_decide(sas: House, breach: Breach) -> None:
    """R10, R37: their own conflict of interest; also when a colleague had seen it first."""
    breach.told(**EVERYTHING)
    around_the_case(sas, breach, staff())
    declare(sas, breach.ada, Case(sas, breach.case.student, f"records/{breach.uuid}"))
    assert f"records/{breach.uuid}" in hidden_from(sas, breach.ada).records
    with pytest.raises(NotAvailable):
        breach.decided()


def test_a_breach_begun_by_another_stays_behind_the_wall(sas: House, breach: Breach) -> None:
    ada, other = staff(), staff()
    breach.told(**EVERYTHING)
    declare(sas, other, breach.case, staff_member=ada.name)
    assert f"records/{breach.uuid}" in hidden_from(sas, ada).records
    with pytest.raises(NotAvailable):
        breach.decided(ada)
    with pytest.raises(RefusedByPolicy):
        breach.decided(other)


def test_a_manager_behind_a_wall_counts_one_breach_less(sas: House, breach: Breach) -> None:
    """R10, R32: exact counts by term would tell that there is one more."""
    breach.told(**EVERYTHING)
    breach.advised_and_decided()
    manager, other = (staff("manager", permissions=frozenset({"breach:count"})) for _ in range(2))
    declare(sas, other, breach.case, staff_member=manager.name)
    seen, all_of_them = (
        sum(each.decided for each in counted.terms)
        for who in (manager, other)
        for counted in [
            sas.call(who, sas.gateway.tasks.CountBreaches, tasks.CountBreachesRequest())
        ]
    )
    assert seen == all_of_them - 1
