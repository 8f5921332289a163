"""
The tables that can be asked for, and how they are counted.

A cell knows how many things it counts and how many people are behind them, since it is people who
must not be found: one student with ten cases is one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from services.reports.domain.facts import Codes, Counted
from services.reports.domain.groupings import (
    COLLEGE_GROUPS,
    TOPIC_ROWS,
    college_group,
    topic_rows,
)
from services.reports.domain.years import Period

TOTAL = "total"


@attrs.frozen
class Count:
    """How many things, and how many to hold against the smallest number that is published."""

    things: int
    people: int


@attrs.frozen
class Table:
    """What a table counts, and its columns; its rows are the topics, their roots and the total."""

    code: str
    kind: str
    """Which facts it counts: `case` or `enquiry`."""
    unit: str
    """What is counted, as the report says it."""
    columns: tuple[str, ...]
    of_people: bool
    """
    Whether people are behind what is counted. Nobody is known behind an enquiry, so the enquiries
    themselves are held against the smallest number, and they are never crossed with a college.
    """

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows; the last one is the total."""
        return (*TOPIC_ROWS, TOTAL)

    def count(
        self,
        counted: Iterable[Counted],
        period: Period,
        students: Mapping[str, Codes],
    ) -> dict[tuple[str, str], Count]:
        """
        Count every cell, the totals too: they are no sum of cells that are published.

        Args:
            counted: cases and enquiries of any year.
            period: which of them count, by their academic year.
            students: the newest facts of each student, by pseudonym.
        """
        things: dict[tuple[str, str], int] = defaultdict(int)
        people: dict[tuple[str, str], set[str]] = defaultdict(set)
        for each in counted:
            if each.codes.get("kind") != self.kind or each.codes.get("year") not in period:
                continue
            for row in (*topic_rows(each.codes.get("topic")), TOTAL):
                for column in self._columns_of(each, students):
                    things[row, column] += 1
                    people[row, column].add(each.person)
        return {
            cell: Count(things[cell], len(people[cell] - {""}) if self.of_people else things[cell])
            for cell in ((row, column) for row in self.rows for column in self.columns)
        }

    def _columns_of(self, counted: Counted, students: Mapping[str, Codes]) -> tuple[str, ...]:
        if not self.of_people:
            return (TOTAL,)
        return (college_group(students.get(counted.person, {}).get("college")), TOTAL)


TABLES: Mapping[str, Table] = {
    table.code: table
    for table in (
        Table(
            code="cases-by-topic-and-college-group",
            kind="case",
            unit="cases",
            columns=(*COLLEGE_GROUPS, TOTAL),
            of_people=True,
        ),
        Table(
            code="enquiries-by-topic",
            kind="enquiry",
            unit="enquiries",
            columns=(TOTAL,),
            of_people=False,
        ),
    )
}
