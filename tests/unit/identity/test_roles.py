"""What roles permit, and when they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf import descriptor_pool
from sas.common.v1.access_pb2 import DECIDED_BY_ROLE, DOOR_SESSION, access
from sas.identity.v1 import sessions_pb2  # noqa: F401  # its descriptors are in the pool

from services.identity.domain.roles import PERMISSIONS, STAFF_ROLES, Role, permissions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_role_no_longer_holds_at_its_end() -> None:
    """R20: the login ends with the role."""
    role = Role("adviser", begins_at=NOW, ends_at=NOW + timedelta(days=1))

    assert role.holds(NOW)
    assert role.holds(NOW + timedelta(hours=23, minutes=59))
    assert not role.holds(NOW + timedelta(days=1))
    assert not role.holds(NOW - timedelta(seconds=1))


def test_a_role_that_does_not_exist_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="in"):
        Role("superuser", begins_at=NOW, ends_at=NOW + timedelta(days=1))


def test_those_who_only_run_the_service_see_no_student() -> None:
    """R10: officers, trustees and operators are outside the Service's staff."""
    assert PERMISSIONS["trustee"] == {"ledger:verify"}
    assert PERMISSIONS["operator"] == {"ledger:verify", "breach:count"}  # counts, without anybody


def test_a_student_may_do_what_is_theirs_and_nothing_else() -> None:
    assert PERMISSIONS["student"] == {
        "registration_form:complete",
        "access_request:make",
        "access_request:read",
    }
    assert "student" not in STAFF_ROLES


def test_a_manager_may_do_what_an_adviser_may() -> None:
    assert PERMISSIONS["adviser"] < PERMISSIONS["manager"]


def test_two_roles_permit_what_either_permits() -> None:
    both = permissions(["adviser", "trustee"])

    assert both == PERMISSIONS["adviser"] | {"ledger:verify"}
    assert permissions([]) == frozenset()


@pytest.mark.parametrize(
    "service",
    [
        "identity.v1.StudentsService",
        "identity.v1.StaffMembersService",
        "identity.v1.ThirdPartiesService",
    ],
)
def test_every_permission_that_roles_decide_is_somebodys(service: str) -> None:
    from sas.identity.v1 import (  # noqa: F401
        staff_members_pb2,
        students_pb2,
        third_parties_pb2,
    )

    known = frozenset().union(*PERMISSIONS.values())
    for method in descriptor_pool.Default().FindServiceByName(f"sas.{service}").methods:
        terms = method.GetOptions().Extensions[access]
        assert terms.door == DOOR_SESSION
        if terms.decided_by == DECIDED_BY_ROLE:
            assert terms.permission in known
