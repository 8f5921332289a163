"""What is frozen: cubes and reports. Both are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.reports.domain.publication import Cell, Frozen
from services.reports.domain.report import Report, Row
from services.reports.domain.years import Period
from services.reports.storage.tables import cubes, publications, reports

Cube = dict[Cell, Frozen]


@attrs.frozen
class Cubes:
    """The store of counted and rounded tables."""

    connection: sa.Connection

    def one_freeze_at_a_time(self, table: str) -> None:
        """Wait for another freeze of *table*, until the end of its transaction."""
        name = sa.func.hashtext(f"freeze {table}")
        self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(name)))

    def add(self, table: str, period: Period, cube: Mapping[Cell, Frozen], now: datetime) -> None:
        """Keep a table for good."""
        cells = [
            [row, column, cell.rounded, cell.people_at_least]
            for (row, column), cell in cube.items()
        ]
        self.connection.execute(
            sa.insert(cubes).values(
                table_code=table,
                first_year=period.first,
                last_year=period.last,
                cells=cells,
                frozen_at=now,
            )
        )

    def find(self, table: str, period: Period) -> Cube | None:
        """Give the table as it was frozen for these years."""
        query = sa.select(cubes.c.cells).where(
            cubes.c.table_code == table,
            cubes.c.first_year == period.first,
            cubes.c.last_year == period.last,
        )
        cells = self.connection.execute(query).scalar_one_or_none()
        if cells is None:
            return None
        return {
            (row, column): Frozen(rounded, people_at_least)
            for row, column, rounded, people_at_least in cells
        }

    def overlaps_another(self, table: str, period: Period) -> bool:
        """Whether the table is frozen for other years that have some of these among them."""
        query = sa.select(cubes.c.table_code).where(
            cubes.c.table_code == table,
            cubes.c.first_year <= period.last,
            cubes.c.last_year >= period.first,
            sa.or_(cubes.c.first_year != period.first, cubes.c.last_year != period.last),
        )
        return self.connection.execute(query.limit(1)).one_or_none() is not None


@attrs.frozen
class Reports:
    """The store of frozen reports."""

    connection: sa.Connection

    def add(self, report: Report) -> None:
        """Keep a report for good."""
        self.connection.execute(
            sa.insert(reports).values(
                id=report.id,
                table_code=report.table,
                first_year=report.period.first,
                last_year=report.period.last,
                purpose=report.purpose,
                unit=report.unit,
                smallest_published=report.smallest_published,
                rounding_base=report.rounding_base,
                column_codes=list(report.columns),
                rows=[[row.code, *row.cells] for row in report.rows],
                ledger_index=report.ledger_index,
                frozen_at=report.frozen_at,
            )
        )

    def find(self, id_: str) -> Report | None:
        """Give a report."""
        return self._one(reports.c.id == id_)

    def same(self, table: str, period: Period, purpose: str) -> Report | None:
        """Give the report that is frozen already for the same question."""
        return self._one(
            sa.and_(
                reports.c.table_code == table,
                reports.c.first_year == period.first,
                reports.c.last_year == period.last,
                reports.c.purpose == purpose,
            )
        )

    def publish(
        self, decision: str, report: Report, recipient: str, sha256: str, now: datetime
    ) -> bool:
        """Note that a report leaves, by which decision; False if that was used before."""
        noted = self.connection.execute(
            insert(publications)
            .values(
                decision=decision,
                report=report.id,
                recipient=recipient,
                file_sha256=sha256,
                published_at=now,
            )
            .on_conflict_do_nothing()
            .returning(publications.c.decision)
        )
        return noted.one_or_none() is not None

    def page(self, size: int, last: tuple[datetime, str] | None) -> Sequence[Report]:
        """Give a page of reports, newest first, after *last* (its time and id)."""
        query = sa.select(reports).order_by(reports.c.frozen_at.desc(), reports.c.id.desc())
        if last is not None:
            moment, id_ = last
            same_moment = sa.and_(reports.c.frozen_at == moment, reports.c.id < id_)
            query = query.where(sa.or_(reports.c.frozen_at < moment, same_moment))
        return [_report(row) for row in self.connection.execute(query.limit(size)).mappings()]

    def _one(self, condition: sa.ColumnElement[bool]) -> Report | None:
        query = sa.select(reports).where(condition)
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else _report(row)


def _report(row: Mapping[Any, Any]) -> Report:
    return Report(
        id=row["id"],
        table=row["table_code"],
        period=Period(row["first_year"], row["last_year"]),
        purpose=row["purpose"],
        unit=row["unit"],
        smallest_published=row["smallest_published"],
        rounding_base=row["rounding_base"],
        columns=tuple(row["column_codes"]),
        rows=tuple(Row(code, tuple(cells)) for code, *cells in row["rows"]),
        ledger_index=row["ledger_index"],
        frozen_at=row["frozen_at"],
    )
