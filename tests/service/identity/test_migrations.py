"""The migrations make what the code expects, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from google.protobuf.json_format import ParseDict
from sas.identity.v1.events_pb2 import StaffRoleChanged

from common.migrate import downgrade, upgrade
from services.identity.storage.tables import metadata
from tests.service.identity.house import House

PACKAGE = "services.identity.migrations"
OWNER = "identity_owner"


@pytest.fixture
def engine(house: House) -> Iterator[sa.Engine]:
    """An empty database."""
    with house.another_database() as (engine, _):
        yield engine


def differences(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_the_newest_migration_equals_the_tables(engine: sa.Engine) -> None:
    upgrade(engine, OWNER, PACKAGE)

    assert differences(engine) == []


def test_up_down_and_up_again_with_data_in_place(engine: sa.Engine) -> None:
    upgrade(engine, OWNER, PACKAGE)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into students values"
                " ('7b0f3a52-6a0e-4a0c-9a53-6f2f6f0d5a11', 'asked', 1, now())"
            )
        )
    downgrade(engine, OWNER, PACKAGE)
    assert len(differences(engine)) >= len(metadata.tables)

    upgrade(engine, OWNER, PACKAGE)

    assert differences(engine) == []


def test_consent_is_told_of_those_who_have_a_role_already(engine: sa.Engine) -> None:
    """R36: else nobody could be asked for advice until they are admitted anew."""
    upgrade(engine, OWNER, PACKAGE, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(BEFORE_0002)

    upgrade(engine, OWNER, PACKAGE)

    with engine.connect() as connection:
        ((body, readers),) = connection.exec_driver_sql("select body, readers from outbox")
    told = ParseDict(json.loads(body), StaffRoleChanged())
    assert (told.staff_member.partition("/")[2], told.version, told.role) == (JOAN, 1, "manager")
    assert told.end_time.ToDatetime().isoformat() == "2027-09-30T23:00:00.500000"
    assert readers == ["consent"]


JOAN = "7b0f3a52-6a0e-4a0c-9a53-6f2f6f0d5a11"
BEFORE_0002 = f"""
insert into staff_members values ('{JOAN}', '\\x00', 'Joan', now());
insert into staff_roles values
    (gen_random_uuid(), '{JOAN}', 'adviser', '2026-01-01', '2026-09-30'),
    (gen_random_uuid(), '{JOAN}', 'manager', '2026-10-01', '2027-10-01T00:00:00.5+01');
"""  # noqa: S608  # a name from this file
"""A staff member who had a role, and has another."""
