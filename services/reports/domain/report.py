"""A frozen report."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime

import attrs

from services.reports.domain.publication import ROUNDING_BASE, Cell, Frozen
from services.reports.domain.tables import Table
from services.reports.domain.years import Period

_COLLECTION = "reports/"


def name_of(id_: str) -> str:
    """Give the resource name of the report with this id."""
    return _COLLECTION + id_


def id_of(name: str) -> str:
    """Give the id in a report's resource name."""
    return name.removeprefix(_COLLECTION)


@attrs.frozen
class Row:
    """One row: what it counts, and for each column a number or the mark of what is withheld."""

    code: str
    cells: tuple[str, ...]


@attrs.frozen
class Report:
    """What one purpose may show of a table. It is never changed, and never counted again."""

    id: str
    table: str
    period: Period
    purpose: str
    unit: str
    smallest_published: int
    rounding_base: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    ledger_index: int
    """Where the ledger says who had it frozen, and what for."""
    frozen_at: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of(self.id)

    @property
    def file(self) -> bytes:
        """The file that leaves the Service, with its rules: the same bytes each time."""
        lines = [
            ["table", self.table],
            ["academic years", self.period.code],
            ["unit", self.unit],
            ["fewer people than this, and zero, withheld as [c]", str(self.smallest_published)],
            ["the rest rounded by chance to a multiple of", str(self.rounding_base)],
            [],
            ["", *self.columns],
            *([row.code, *row.cells] for row in self.rows),
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        return text.getvalue().encode()

    @classmethod
    def of(
        cls,
        cube: Mapping[Cell, Frozen],
        table: Table,
        period: Period,
        *,
        id_: str,
        purpose: str,
        smallest: int,
        ledger_index: int,
        now: datetime,
    ) -> Report:
        """Make the report that shows of *cube* what stands for *smallest* people and more."""
        return cls(
            id=id_,
            table=table.code,
            period=period,
            purpose=purpose,
            unit=table.unit,
            smallest_published=smallest,
            rounding_base=ROUNDING_BASE,
            columns=table.columns,
            rows=tuple(
                Row(row, tuple(cube[row, column].shown(smallest) for column in table.columns))
                for row in table.rows
            ),
            ledger_index=ledger_index,
            frozen_at=now,
        )
