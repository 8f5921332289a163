"""Where a page of a list begins: lists are newest first, ids settle what is of the same time."""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

T = TypeVar("T")


def after(
    moment: sa.ColumnElement[T], id_: sa.ColumnElement[str], last: tuple[T, str]
) -> sa.ColumnElement[bool]:
    """Give the condition for what comes after *last*, in the order of both columns descending."""
    value, last_id = last
    return sa.or_(moment < value, sa.and_(moment == value, id_ < last_id))
