"""Staff members: admitted by a manager, on one device, until their role ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from sas.identity.v1 import sessions_pb2, staff_members_pb2, students_pb2
from sas.identity.v1.events_pb2 import StaffAddressChanged, StaffRoleChanged

from common.caller import Caller, calling
from common.errors import (
    InvalidFields,
    NotAvailable,
    RequestIdReused,
    SecondFactorNeeded,
    SignInFailed,
    SignInNeeded,
    WrongState,
)
from common.vault import VaultDenied, VaultRefused
from tests.service.identity.house import House, refusal


@pytest.fixture(scope="module")
def joan(house: House, managers_token: str) -> str:
    """A colleague without a second factor; her name."""
    return house.admit(house.caller(managers_token), "joan", "Joan de la Cruz").name


def end_role(house: House, manager: Caller, name: str) -> Any:
    with calling(manager):
        return house.staff_members.EndStaffRole(staff_members_pb2.EndStaffRoleRequest(name=name))


def test_a_second_device_ends_the_first(house: House, joan: str) -> None:
    """R20: "the login details will not be shared with anyone": one device at a time."""
    first = house.sign_in("joan")
    assert house.caller(first).person == joan
    second = house.sign_in("joan")

    with pytest.raises(SignInNeeded):
        house.caller(first)
    assert house.caller(second).roles == {"adviser"}


def test_without_a_second_factor_no_student_is_found(house: House, joan: str) -> None:
    caller = house.caller(house.sign_in("joan"))
    name = f"students/{uuid4()}"

    assert not caller.second_factor
    with pytest.raises(SecondFactorNeeded):
        house.find(caller, "abc23")
    with pytest.raises(SecondFactorNeeded):
        house.complete_form(caller, name)
    with pytest.raises(SecondFactorNeeded):
        house.open_form(caller, name)


def test_a_role_that_ends_takes_its_session_along(house: House, manager: Caller, joan: str) -> None:
    """R20: past the end no sign-in, and nothing says why."""
    token = house.sign_in("joan")
    house.caller(token)

    ended = end_role(house, manager, joan)

    assert ended.role_ends_at.ToDatetime(UTC) <= datetime.now(UTC)
    with pytest.raises(SignInNeeded):
        house.caller(token)
    with pytest.raises(SignInFailed) as after_the_end:
        house.sign_in("joan")
    with pytest.raises(SignInFailed) as made_up:
        house.complete("made-up", "made-up")
    assert refusal(after_the_end) == refusal(made_up)


def test_somebody_whose_role_ended_can_be_admitted_again(
    house: House, manager: Caller, joan: str
) -> None:
    end_role(house, manager, joan)

    again = house.admit(manager, "joan", "Joan de la Cruz")

    assert again.name == joan
    assert house.caller(house.sign_in("joan")).person == joan
    with pytest.raises(WrongState):
        house.admit(manager, "joan", "Joan de la Cruz")


def test_consent_is_told_when_a_role_begins_and_when_it_ends(
    house: House, manager: Caller, joan: str
) -> None:
    """R36: so that no leaver is asked for advice. A code and a name, nothing about the person."""
    before = len(told_of(house, joan))
    end_role(house, manager, joan)
    admitted = house.admit(manager, "joan", "Joan de la Cruz")

    ended, begun = told_of(house, joan)[before:]
    assert ended.version < begun.version
    assert ended.end_time.ToDatetime(UTC) <= datetime.now(UTC)
    assert (begun.role, begun.end_time) == ("adviser", admitted.role_ends_at)
    assert begun.begin_time.ToDatetime(UTC) <= datetime.now(UTC)


def test_where_a_staff_member_is_written_to_is_sealed_for_the_worker_that_does(
    house: House, manager: Caller, joan: str
) -> None:
    """R5: identity keeps nothing, the broker carries ciphertext, and a leaver is forgotten."""
    address = f"joan-{uuid4()}@example.org"
    end_role(house, manager, joan)
    house.admit(manager, "joan", "Joan de la Cruz", mail_address=address)
    end_role(house, manager, joan)
    assert address not in house.everything("outbox", "staff_members", "staff_roles", "requests")

    bodies = house.sql("select body from outbox where event like %s order by position", "%Address%")
    told = [ParseDict(json.loads(body), StaffAddressChanged()) for (body,) in bodies]
    given, gone = [each for each in told if each.staff_member == joan][-2:]
    assert gone.sealed_address == ""
    worker = house.vault("cases-work")
    bound_to = f"notice {joan}"
    opened = worker.decrypt("post", "staff", given.sealed_address, bound_to=bound_to)
    assert opened.decode() == address
    with pytest.raises(VaultRefused):
        worker.decrypt("post", "staff", given.sealed_address, bound_to="notice staffMembers/x")
    with pytest.raises(VaultDenied):
        house.vault("cases-serve").decrypt("post", "staff", given.sealed_address, bound_to=bound_to)
    house.admit(manager, "joan", "Joan de la Cruz")


def test_a_manager_says_where_somebody_is_written_to(
    house: House, manager: Caller, adviser: Caller, joan: str
) -> None:
    request = staff_members_pb2.SetStaffMemberAddressRequest(
        name=joan, mail_address="joan@example.org"
    )
    query = "select count(*) from outbox where event like %s and body like %s"
    before = house.sql(query, "%Address%", f"%{joan}%")[0][0]
    with calling(manager):
        assert house.staff_members.SetStaffMemberAddress(request).name == joan
    assert house.sql(query, "%Address%", f"%{joan}%") == [(before + 1,)]
    with calling(adviser), pytest.raises(NotAvailable):
        house.staff_members.SetStaffMemberAddress(request)
    request.name = f"staffMembers/{uuid4()}"
    with calling(manager), pytest.raises(NotAvailable):
        house.staff_members.SetStaffMemberAddress(request)


def told_of(house: House, name: str) -> list[StaffRoleChanged]:
    """Give what consent is told of a staff member."""
    bodies = house.sql("select body from outbox where event like %s order by position", "%Role%")
    found = [ParseDict(json.loads(body), StaffRoleChanged()) for (body,) in bodies]
    return [each for each in found if each.staff_member == name]


def test_a_session_lasts_no_longer_than_the_role(house: House, manager: Caller, joan: str) -> None:
    end_role(house, manager, joan)
    soon = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    house.admit(manager, "joan", "Joan de la Cruz", role_ends_at=Timestamp(seconds=soon))

    with calling(house.caller(house.sign_in("joan"))):
        session = house.sessions.GetSession(sessions_pb2.GetSessionRequest())

    assert session.expires_at.seconds == soon
    end_role(house, manager, joan)
    house.admit(manager, "joan", "Joan de la Cruz")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": "advice@cambridgesu.co.uk"}, "display_name"),
        ({"display_name": "Welfare Team"}, "display_name"),
        ({"issuer": "https://idp.example"}, "issuer"),
        ({"role_ends_at": Timestamp(seconds=1)}, "role_ends_at"),
    ],
)
def test_an_account_that_is_nobodys_is_refused(
    house: House, manager: Caller, changes: dict[str, Any], field: str
) -> None:
    """R20: no generic names, and every role has an end to come."""
    with pytest.raises(InvalidFields) as refused:
        house.admit(manager, "someone", "Some One", **changes)

    assert set(refused.value.violations) == {field}


def test_a_repeated_call_admits_once(house: House, manager: Caller) -> None:
    again = {"role": "trustee", "request_id": str(uuid4())}

    first = house.admit(manager, "someone", "Some One", **again)

    assert house.admit(manager, "someone", "Some One", **again) == first
    with calling(manager), pytest.raises(RequestIdReused):
        house.students.RegisterStudent(
            students_pb2.RegisterStudentRequest(request_id=again["request_id"])
        )


def test_staff_members_are_listed_in_pages(house: House, adviser: Caller) -> None:
    names: list[str] = []
    token = ""
    while not names or token:
        with calling(adviser):
            page = house.staff_members.ListStaffMembers(
                staff_members_pb2.ListStaffMembersRequest(page_size=1, page_token=token)
            )
        names += [each.name for each in page.staff_members]
        token = page.next_page_token

    assert len(names) == len(set(names)) == house.sql("select count(*) from staff_members")[0][0]
    assert adviser.person in names


def test_only_a_manager_admits_and_ends(house: House, adviser: Caller, student: Caller) -> None:
    for somebody in (adviser, student):
        with pytest.raises(NotAvailable):
            house.admit(somebody, "someone", "Some One")
        with pytest.raises(NotAvailable):
            end_role(house, somebody, adviser.person)


def test_nobody_ends_the_role_of_nobody(house: House, manager: Caller) -> None:
    with pytest.raises(NotAvailable):
        end_role(house, manager, f"staffMembers/{uuid4()}")


def test_there_is_one_first_manager(house: House, manager: Caller) -> None:
    done = house.appoint("Ada Whitfield", "somebody-else")

    assert done.returncode == 1
    assert "There is a manager already" in done.stderr
    assert "Whitfield" not in done.stderr
