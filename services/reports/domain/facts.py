"""Facts, as they are in memory while a report is counted, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import attrs

Codes = Mapping[str, object]


def codes(opened: bytes) -> Codes:
    """
    Read opened facts: a JSON object with codes.

    Raises:
        ValueError: they are something else. Never with what they are.
    """
    found = json.loads(opened)
    if not isinstance(found, dict):
        raise ValueError("facts are a JSON object")
    return found


@attrs.frozen
class Counted:
    """A case or an enquiry, with all that is known of it, as far as it is counted."""

    person: str
    """The pseudonym; empty when there is no person to it."""
    codes: Codes = attrs.field(repr=False)


def together(parts: Iterable[tuple[str, str, Codes]]) -> list[Counted]:
    """
    Put together what came about each record, `(record, pseudonym, codes)` in the order it came.

    A case tells its topic when it is opened and its outcome when it is closed; what comes later
    adds to the earlier, or corrects it.
    """
    people: dict[str, str] = {}
    known: dict[str, dict[str, object]] = {}
    for record, person, what in parts:
        people[record] = person or people.get(record, "")
        known.setdefault(record, {}).update(what)
    return [Counted(people[record], what) for record, what in known.items()]
