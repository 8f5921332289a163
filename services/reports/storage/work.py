"""One transaction on the tables of reports, with its stores."""

from __future__ import annotations

import sqlalchemy as sa

from common.db import UnitOfWork
from services.reports.storage.facts import Facts
from services.reports.storage.reports import Cubes, Reports


class Stores:
    """The stores on one connection; also what a worker's handler works with."""

    connection: sa.Connection

    @property
    def facts(self) -> Facts:
        """The sealed facts."""
        return Facts(self.connection)

    @property
    def cubes(self) -> Cubes:
        """The counted and rounded tables."""
        return Cubes(self.connection)

    @property
    def reports(self) -> Reports:
        """The frozen reports."""
        return Reports(self.connection)


class Work(UnitOfWork, Stores):
    """A unit of work; leaving it without `commit()` undoes everything."""


class HandlerWork(Stores):
    """The stores within the transaction of a worker's handler, which commits it."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
