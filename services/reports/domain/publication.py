"""
The rules of publication: what is withheld, and how the rest is rounded (R30).

- A cell with fewer than k people is withheld, zero like all others, under one mark. The mark
  therefore does not even say that anybody was there.
- Everything else is rounded to a multiple of the base, up or down by chance, so that on average
  nothing is gained or lost. The chance is drawn once and then kept: who could have it drawn again
  would find the true number by averaging.
- Totals are counted and rounded by themselves. No cell is the difference of two others.

One draw serves all purposes. A purpose with a larger k withholds more of the same numbers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

import attrs

from services.reports.domain.tables import Count

WITHHELD = "[c]"
"""The mark of a withheld cell (GSS: confidential)."""

ROUNDING_BASE = 5

SMALLEST: Mapping[str, int] = {"annual-report": 10, "research": 10, "internal-trends": 5}
"""How many people a published number stands for at the least, by purpose, unless set higher."""

Draw = Callable[[int], int]
"""Gives a number from 0 to below its argument, each as likely."""

Cell = tuple[str, str]


@attrs.frozen
class Frozen:
    """A cell as it is kept: rounded, and up to which k it may be shown. The true count is gone."""

    rounded: int
    people_at_least: int
    """One of the smallest numbers of the settings, or 0: not how many people there were."""

    def shown(self, smallest: int) -> str:
        """Give what is published when fewer than *smallest* people are to be withheld."""
        return str(self.rounded) if self.people_at_least >= smallest else WITHHELD


def round_randomly(number: int, base: int = ROUNDING_BASE, draw: Draw = secrets.randbelow) -> int:
    """
    Round *number* to one of the two multiples of *base* beside it, without bias.

    A multiple stays as it is. By default the chance is the operating system's (CSPRNG).
    """
    over = number % base
    return number - over + (base if draw(base) < over else 0)


def freeze(
    counts: Mapping[Cell, Count], smallest: frozenset[int], draw: Draw = secrets.randbelow
) -> dict[Cell, Frozen]:
    """
    Round every cell once, and keep of its people only which of *smallest* they reach.

    What reaches none of them is not rounded at all but kept as nothing.
    """
    frozen = {}
    for cell, count in counts.items():
        reached = max((k for k in smallest if count.people >= k), default=0)
        frozen[cell] = Frozen(round_randomly(count.things, draw=draw) if reached else 0, reached)
    return frozen


def publishable(frozen: Mapping[Cell, Frozen], smallest: int) -> bool:
    """Whether anything at all would be shown."""
    return any(cell.shown(smallest) != WITHHELD for cell in frozen.values())
