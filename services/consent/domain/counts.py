"""Counting decided breaches by term, without identity (R32)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import attrs

from services.consent.domain.terms import Term, before, term_of, unusual
from services.consent.domain.texts import LONDON


class Decision(Protocol):
    """When a breach was decided, and how; nothing that it is about."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def emergency(self) -> bool:
        """Whether without a colleague's advice."""


@attrs.frozen
class TermCount:
    """How many breaches were decided in a term and the vacation after it."""

    term: Term
    decided: int
    in_emergency: int
    unusual: bool


def by_term(decisions: Iterable[Decision], now: datetime) -> list[TermCount]:
    """Count by term: the current one first, back to the first in which anything was decided."""
    dated = [(term_of(each.at.astimezone(LONDON).date()), each.emergency) for each in decisions]
    current = term_of(now.astimezone(LONDON).date())
    first = min((term for term, _ in dated), default=current)
    terms = [current]
    while terms[-1] > first:
        terms.append(before(terms[-1]))
    decided = [sum(of == term for of, _ in dated) for term in terms]
    return [
        TermCount(
            term,
            decided[place],
            sum(of == term and emergency for of, emergency in dated),
            unusual(decided[place], decided[place + 1 :]),
        )
        for place, term in enumerate(terms)
    ]
