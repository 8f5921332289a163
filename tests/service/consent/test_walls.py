"""Walls, disposals and releases: who may put them up, take them down, and what they stop."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.consent.v1 import records_pb2, releases_pb2, walls_pb2

from common.errors import NotAvailable, RefusedByPolicy, RequestIdReused, SecondFactorNeeded
from services.consent.actions import housekeeping
from tests.kit.house import Person
from tests.service.consent.deeds import Case, Letter
from tests.service.consent.house import House, in_days, staff, student
from tests.service.consent.walling import declare, lift, listed, register


def test_the_life_of_a_wall(sas: House, case: Case) -> None:
    who, manager, item = staff(), staff("manager"), case.item()
    case.opened(who, item)
    wall = declare(sas, who, case)
    with pytest.raises(NotAvailable):
        case.opened(who, item)
    case.opened(staff(), item)
    for nobody in (who, staff()):
        with pytest.raises(RefusedByPolicy):
            lift(sas, nobody, wall)
    for _ in range(2):
        assert lift(sas, manager, wall).lifted
    case.opened(who, item)
    assert declare(sas, who, case).name != wall.name


def test_a_wall_is_declared_by_the_person_or_set_by_a_colleague(sas: House, case: Case) -> None:
    """R10: conflicts of interest are seen by others, too; a manager may be the one who has it."""
    for somebody in (staff(), staff("manager")):
        declare(sas, staff(), case, staff_member=somebody.name)
        with pytest.raises(NotAvailable):
            case.opened(somebody, case.item())


def test_a_manager_does_not_lift_their_own_wall(sas: House, case: Case) -> None:
    manager = staff("manager")
    wall = declare(sas, manager, case)
    with pytest.raises(RefusedByPolicy) as refused:
        lift(sas, manager, wall)
    assert refused.value.reasons == ("wall_lifted_by_oneself",)


def test_a_manager_looks_after_all_walls_that_stand(sas: House, case: Case) -> None:
    """R10: whoever judges that one is over must know that it stands, and since when."""
    manager, who, declarer = staff("manager"), staff(), staff()
    around_case = declare(sas, declarer, case, staff_member=who.name)
    around_student = declare(sas, who, Case.open(sas).student)
    names = [each.name for each in listed(sas, manager)]
    assert names[-2:] == [around_case.name, around_student.name]
    assert [each.name for each in listed(sas, manager, size=1)] == names
    found = next(each for each in listed(sas, manager) if each.name == around_case.name)
    assert (found.staff_member, found.declared_by) == (who.name, declarer.name)
    assert found.record == case.record
    lift(sas, manager, around_case)
    assert around_case.name not in [each.name for each in listed(sas, manager)]
    entry = sas.last_entry(action="wall:list", actor=manager.name)
    assert (entry["effect"], entry["details"]) == ("allow", {"whose": "everybody"})


def test_an_adviser_looks_after_the_walls_they_put_up(sas: House, case: Case) -> None:
    who = staff()
    wall = declare(sas, who, case, staff_member=staff().name)
    mine = sas.call(who, sas.gateway.walls.ListWalls, walls_pb2.ListWallsRequest())
    assert [each.name for each in mine.walls] == [wall.name]
    with pytest.raises(RefusedByPolicy) as refused:
        listed(sas, who)
    assert refused.value.reasons == ("walls_of_others",)
    for nobody in (student(), staff("trustee")):
        with pytest.raises(NotAvailable):
            listed(sas, nobody)


def test_no_list_of_walls_tells_what_is_behind_ones_own(sas: House, case: Case) -> None:
    """R10: neither that wall, nor anybody else's around the same, or around whom it is about."""
    manager = staff("manager")
    before = listed(sas, manager)
    about_all = Case.open(sas)
    for around in (case, about_all.student):
        declare(sas, staff(), around, staff_member=manager.name)
    for around in (case, case.student, about_all, about_all.student):
        declare(sas, staff(), around, staff_member=staff().name)
    form = register(sas, records_pb2.RECORD_KIND_REGISTRATION_FORM, student=case.student.name)
    declare(sas, staff(), Case(sas, case.student, form), staff_member=staff().name)
    assert listed(sas, manager) == before
    assert len(listed(sas, staff("manager"))) == len(before) + 7


def test_a_repeated_call_puts_up_one_wall(sas: House, case: Case) -> None:
    who, request_id = staff(), str(uuid4())
    first = declare(sas, who, case, request_id=request_id)
    assert declare(sas, who, case, request_id=request_id) == first
    assert declare(sas, staff(), case, staff_member=who.name).name == first.name
    with pytest.raises(RequestIdReused):
        declare(sas, staff(), case, request_id=request_id)


def test_there_is_no_wall_around_what_is_not_there(sas: House, case: Case) -> None:
    with pytest.raises(NotAvailable):
        declare(sas, staff(), Case(sas, student(), f"records/{uuid4()}"))
    unknown = walls_pb2.Wall(name=f"walls/{uuid4()}")
    with pytest.raises(NotAvailable):
        lift(sas, staff("manager"), unknown)
    for who in (student(), staff("trustee")):
        with pytest.raises(NotAvailable):
            declare(sas, who, case)


def test_who_is_behind_a_wall_can_put_up_none_there(sas: House, case: Case) -> None:
    """R10: to them it is not there, down to the bytes."""
    walled = staff()
    declare(sas, staff(), case, staff_member=walled.name)
    asked = [
        walls_pb2.DeclareWallRequest(record=record, request_id=str(uuid4()))
        for record in (case.record, f"records/{uuid4()}")
    ]
    refusals = [
        sas.refusal(sas.gateway, walled, "WallsService/DeclareWall", each) for each in asked
    ]
    assert refusals[0] == refusals[1]


def dispose(sas: House, who: Person, case: Case, day: str) -> int:
    request = records_pb2.AuthoriseDisposalRequest(record=case.record, dispose_from_date=day)
    return sas.call(who, sas.cases.records.AuthoriseDisposal, request).ledger_index


def test_a_record_is_kept_as_long_as_the_policy_says_and_no_longer(sas: House, case: Case) -> None:
    with pytest.raises(RefusedByPolicy) as refused:
        dispose(sas, staff(), case, in_days(2).date().isoformat())
    assert refused.value.reasons == ("retention_not_over",)
    for who in (staff("operator"), case.student):
        with pytest.raises(NotAvailable):
            dispose(sas, who, case, "2020-10-01")
    index = dispose(sas, staff(), case, "2020-10-01")
    entry = sas.last_entry(record=case.record)
    assert (entry["index"], entry["details"]) == (index, {"dispose_from": "2020-10-01"})


def test_what_is_disposed_of_is_not_opened_asked_about_or_sent(sas: House) -> None:
    letter = Letter.write(sas)
    consent = letter.agreed()
    with sas.parts(lambda: in_days(0)) as parts, parts.new_work() as work:
        # As consent-work does on RecordDisposed; `serve` itself may not.
        sas.sql("grant insert on disposals to consent_serve")
        housekeeping.note_disposal(work.connection, letter.case.record, in_days(0))
        work.commit()
        sas.sql("revoke insert on disposals from consent_serve")
    with pytest.raises(NotAvailable):
        letter.case.opened(staff(), letter.case.item())
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert refused.value.reasons == ("record_disposed",)
    letter.withdrawn(consent)


def freeze(sas: House, who: Person) -> int:
    request = releases_pb2.AuthoriseReleaseRequest(
        report=f"reports/{uuid4()}", table="topic-by-term", purpose="annual-report", period="2026"
    )
    return sas.call(who, sas.reports.releases.AuthoriseRelease, request).ledger_index


def test_a_release_has_its_line_before_any_fact_is_opened(sas: House) -> None:
    index = freeze(sas, staff())
    entry = sas.last_entry(action="report:freeze")
    assert entry["index"] == index
    assert entry["details"] == {"table": "topic-by-term", "period": "2026"}
    with pytest.raises(SecondFactorNeeded):
        freeze(sas, staff(second_factor=False))
    for who in (staff("trustee"), student()):
        with pytest.raises(NotAvailable):
            freeze(sas, who)
