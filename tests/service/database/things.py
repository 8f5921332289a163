"""A table `things`, made by an example of migrations."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from common import migrate
from common.db import Database, UnitOfWork
from tests.service.database.databases import Databases

PACKAGE = "tests.service.database.example.migrations"


def make(databases: Databases) -> None:
    """Make it, as the process that migrates does."""
    owner = Database(databases.settings("cases", "migrate"), databases)
    migrate.upgrade(owner.engine, "cases_owner", PACKAGE)
    owner.close()


def things(database: Database) -> set[str]:
    """Give the names of all things."""
    with UnitOfWork(database.reads) as work:
        return set(work.connection.execute(text("select name from things")).scalars())


def add(work: UnitOfWork, name: str) -> None:
    """Add one thing."""
    work.connection.execute(text("insert into things values (:name)"), {"name": name})


def new_name() -> str:
    """Give a name that no other test uses."""
    return str(uuid.uuid4())
