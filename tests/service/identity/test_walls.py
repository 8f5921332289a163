"""R10: a student behind a wall is nobody, whatever is asked about them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.consent.v1 import walls_pb2, walls_pb2_grpc
from sas.identity.v1 import students_pb2

from common.caller import Caller, calling
from common.errors import TryAgain
from deploy.gateway.rpcs import Rpc
from tests.kit.all_calls import absent, call, requests
from tests.service.identity.house import House
from tests.system.calls import CALLS

OURS = [each for each in CALLS if each.service == "identity" and not each.anyone]


def wall_off(house: House, by: Caller, who: Caller, student: str) -> walls_pb2.Wall:
    """Put up a wall between a colleague and a student."""
    declare = house.peer("consent").stub(walls_pb2_grpc.WallsServiceStub).DeclareWall
    with calling(by):
        found: walls_pb2.Wall = declare(
            walls_pb2.DeclareWallRequest(
                student=student, staff_member=who.person, request_id=str(uuid4())
            )
        )
    return found


def should_pass_on(house: House, who: Caller, crsid: str) -> bool:
    """Ask before advising somebody with this CRSid."""
    request = students_pb2.CheckStudentForConflictRequest(crsid=crsid)
    with calling(who):
        return bool(house.students.CheckStudentForConflict(request).pass_to_a_colleague)


@pytest.fixture(scope="module")
def behind(house: House, managers_token: str, advisers_token: str) -> str:
    """Give a student whom the adviser is walled off from; the CRSid is `bhd277`."""
    manager, adviser = house.caller(managers_token), house.caller(advisers_token)
    name = house.register(manager, crsid="bhd277").name
    wall_off(house, manager, adviser, name)
    return name


@pytest.mark.parametrize("rpc", OURS, ids=lambda rpc: rpc.name)
def test_a_walled_adviser_learns_nothing_by_any_call(
    house: House, adviser: Caller, behind: str, rpc: Rpc
) -> None:
    """The same answer, to the byte, as for a student who never was."""
    if rpc.method == "SignOut":
        pytest.skip("ends the session, and names nobody")
    names = {"students": behind}
    for there, never in zip(requests(rpc, names), requests(rpc, absent(names)), strict=True):
        given = call(house.gateway, adviser, rpc, there)
        assert given.code == call(house.gateway, adviser, rpc, never).code
        assert behind.partition("/")[2].encode() not in given.said
        if given.code != "OK":
            assert given == call(house.gateway, adviser, rpc, never)


def test_a_walled_adviser_finds_nobody_and_a_colleague_finds_the_student(
    house: House, adviser: Caller, manager: Caller, behind: str
) -> None:
    find = next(each for each in OURS if each.method == "FindStudent")
    found, nobody = (
        call(house.gateway, adviser, find, {"crsid": crsid}) for crsid in ("bhd277", "bhd278")
    )
    assert found == nobody
    assert house.find(manager, "bhd277") == behind


def test_a_student_whom_they_register_again_is_found(
    house: House, adviser: Caller, manager: Caller
) -> None:
    """As if the first had never been: a search that finds nobody would tell that there was."""
    first = house.register(manager, crsid="agn277").name
    wall_off(house, manager, adviser, first)
    again = house.register(adviser, crsid="agn277").name
    assert house.find(adviser, "agn277") == again
    assert house.find(manager, "agn277") == first


def test_an_adviser_asks_before_they_advise(
    house: House, adviser: Caller, manager: Caller, behind: str
) -> None:
    """Only whether to pass the student on: an unknown one and a known one are one answer (R9)."""
    house.register(manager, crsid="fre277")
    assert should_pass_on(house, adviser, "BHD277@cam.ac.uk")
    check = next(each for each in OURS if each.method == "CheckStudentForConflict")
    known, unknown, no_crsid = (
        call(house.gateway, adviser, check, {"crsid": crsid}) for crsid in ("fre277", "fre278", "!")
    )
    assert known == unknown == no_crsid
    assert not should_pass_on(house, manager, "bhd277")


def test_while_consent_is_away_nobody_is_found(house: House, adviser: Caller) -> None:
    """When nobody can say who is behind a wall, everybody is."""
    house.register(adviser, crsid="awy277")
    with house.without("consent-serve"), pytest.raises(TryAgain):
        house.find(adviser, "awy277")
