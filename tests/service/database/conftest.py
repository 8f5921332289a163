"""A database with one table, as both drivers see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest

from common.db import Database
from tests.kit.servers.session import Servers
from tests.service.database import things
from tests.service.database.databases import Databases


@pytest.fixture(scope="module")
def databases(servers: Servers) -> Databases:
    """Databases of this file's own."""
    made = Databases(servers)
    things.make(made)
    return made


@pytest.fixture(params=["psycopg", "psycopg2"])
def database(databases: Databases, request: pytest.FixtureRequest) -> Iterator[Database]:
    driver: Literal["psycopg", "psycopg2"] = request.param
    made = Database(databases.settings("cases", "serve"), databases, driver)
    yield made
    made.close()
