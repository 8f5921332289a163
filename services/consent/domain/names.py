"""
Resource names, as consent accepts them: random, and without a word in them.

Names of items and of what was opened come from other services and go into the ledger, so each
must look exactly like a name; a text that is anything else is refused before it is kept.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME = re.compile(
    rf"[a-z][A-Za-z-]{{2,30}}/{_UUID}(/[a-z][a-z_-]{{2,20}}/({_UUID}|[0-9]{{1,6}}))*"
)


def is_name(text: str, collection: str | None = None) -> bool:
    """Whether *text* is a resource name, of this collection if one is given."""
    if not _NAME.fullmatch(text):
        return False
    return collection is None or text.startswith(f"{collection}/")


def new_name(collection: str) -> str:
    """Give a new random name."""
    return f"{collection}/{uuid.uuid4()}"


def bare(name: str) -> str:
    """Give the part after the collection: the name of a record's key in Vault."""
    return name.partition("/")[2]


def categories_of(items: Iterable[str]) -> frozenset[str]:
    """Give the collections that *items* belong to: what kind of thing is opened."""
    return frozenset(item.partition("/")[0] for item in items)
