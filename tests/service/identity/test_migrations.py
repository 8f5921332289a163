"""The migrations make what the code expects, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

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
