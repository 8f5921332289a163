"""
The coded facts that reports may count: codes and a term, never words, never a day.

What reports learns of time is the term and the academic year (R30: nothing finer leaves).
"""

from __future__ import annotations

import json
from datetime import date

from services.cases.domain.retention import academic_year

_TERMS = ((10, "michaelmas"), (7, "long-vacation"), (4, "easter"), (1, "lent"))
"""The first month of each, latest first. Vacations count with the term they follow."""


def term(day: date) -> str:
    """Name the part of the academic year that *day* lies in."""
    return next(name for first_month, name in _TERMS if day.month >= first_month)


def to_json(kind: str, day: date, **codes: str | bool) -> bytes:
    """
    Write the facts of one case or enquiry, as reports reads them.

    A code that is not known now is left out rather than written empty: a later event about the
    same record adds what it knows. (When a case is closed its topic is sealed, to cases too.)
    """
    facts: dict[str, str | bool | int] = {
        "kind": kind,
        "term": term(day),
        "year": academic_year(day),
    }
    facts.update(codes)
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
