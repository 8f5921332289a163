"""
Rows that are not there for one transaction, by PostgreSQL's row-level security.

Shared because services keep things that one caller must not see at all: to them, lists, counts,
page tokens, searches and changes are as if the rows had never been. A query can forget a condition;
this can't be forgotten by any query, the next one included.

A transaction says at its beginning which ids are hidden from its caller. One that says nothing sees
every row: it is for what is decided elsewhere, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Self

from sqlalchemy import Engine, text

from common.db import UnitOfWork

_SAY = text("select set_config('sas.hidden', :ids, true)")


class HidesRows(UnitOfWork):
    """A transaction in which some rows are not there."""

    def __init__(self, engine: Engine, hidden: Callable[[], Collection[str]] = tuple) -> None:
        """
        Prepare a transaction.

        Args:
            engine: the way to the database.
            hidden: gives the ids (uuids) that the rows of this transaction must not be about; what
                it raises, such as TryAgain, ends the transaction before it begins.
        """
        super().__init__(engine)
        self._hidden = hidden
        self._ids: Collection[str] = ()

    def __enter__(self) -> Self:
        self._ids = self._hidden()  # which may ask another service: no connection waits meanwhile
        return super().__enter__()

    def _begin(self) -> None:
        if self._ids:
            self.connection.execute(_SAY, {"ids": f"{{{','.join(sorted(self._ids))}}}"})


def make_hidden_1(execute: Callable[[str], object], service: str) -> None:
    """Make the function that policies ask: for a migration before its first `hide_rows_1`."""
    execute(
        "create function hidden_ids() returns uuid[] language sql stable as $$"
        " select coalesce(nullif(current_setting('sas.hidden', true), ''), '{}')::uuid[] $$"
    )
    execute(f"grant execute on function hidden_ids() to {service}_serve")


def hide_rows_1(execute: Callable[[str], object], service: str, table: str, *about: str) -> None:
    """
    Let rows of *table* not be there when an id in one of the columns *about* is hidden.

    For `serve`, which acts for callers; `work` acts for nobody, and sees all.

    Args:
        execute: runs one SQL statement (alembic's `op.execute`).
        service: as in the role names, `cases` for `cases_serve` and `cases_work`.
        table: the table.
        about: its columns with ids; an empty one hides nothing.
    """
    there = " and ".join(
        f"coalesce({column} <> all ((select hidden_ids())::uuid[]), true)" for column in about
    )
    execute(f"alter table {table} enable row level security")
    execute(f"create policy not_hidden on {table} to {service}_serve using ({there})")
    execute(f"create policy every_row on {table} to {service}_work using (true)")


def show_rows_1(execute: Callable[[str], object], table: str) -> None:
    """Undo `hide_rows_1`."""
    execute(f"drop policy not_hidden on {table}")
    execute(f"drop policy every_row on {table}")
    execute(f"alter table {table} disable row level security")
