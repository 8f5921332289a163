"""The migrations make what the code expects, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from common.migrate import downgrade, upgrade
from deploy.postgres import provision
from services.identity.storage.tables import metadata
from tests.service.identity.house import House

PACKAGE = "services.identity.migrations"
OWNER = "identity_owner"


@pytest.fixture
def engine(house: House) -> Iterator[sa.Engine]:
    """An empty database."""
    with provision.connect(house.state, "postgres") as admin:
        admin.execute("create database identity_scratch owner identity_owner")

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        connection = provision.connect(house.state, "identity_scratch")
        connection.autocommit = False
        return connection

    made = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=sa.NullPool)
    yield made
    made.dispose()
    with provision.connect(house.state, "postgres") as admin:
        admin.execute("drop database identity_scratch with (force)")


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
