"""Reading request fields that mean a day, and positions in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from common.errors import InvalidFields
from common.pages import decode_token, encode_token
from services.cases.domain.days import NotADay

S = TypeVar("S")
T = TypeVar("T")


def read_day(field: str, read: Callable[[], date]) -> date:
    """
    Read a day, or say which field is not one.

    Raises:
        InvalidFields: naming *field* and what is wrong with it.
    """
    try:
        return read()
    except NotADay as wrong:
        raise InvalidFields({field: str(wrong)}) from None


def position_after(token: str, read: Callable[[str], T]) -> tuple[T, str] | None:
    """
    Read a page token: the sort value and the id of the last thing on the page before.

    Raises:
        InvalidFields: we never gave out such a token.
    """
    position = decode_token(token)
    if not position:
        return None
    value, _, id_ = position.partition("|")
    try:
        return read(value), str(UUID(id_))
    except ValueError:
        raise InvalidFields({"page_token": "is not one of ours"}) from None


def cut(
    found: Sequence[S], size: int, position: Callable[[S], tuple[str, str]]
) -> tuple[Sequence[S], str]:
    """
    Cut what was found to a page, and give the token of the next page; empty at the end.

    Args:
        found: up to one more than fits, which shows that there is a next page.
        size: of the page.
        position: gives a thing's sort value and id, as `position_after` reads them.
    """
    page = found[:size]
    if len(found) <= size:
        return page, ""
    value, id_ = position(page[-1])
    return page, encode_token(f"{value}|{id_}")
