"""Opening sealed facts: in memory, for one freeze, after consent has written it down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import attrs
import structlog

from common.vault import KeyGone, Vault, decision
from services.reports.domain.facts import Codes, codes
from services.reports.storage.facts import SealedFacts

log = structlog.get_logger()

_MOUNT = "facts"
_BATCH = 500
"""Facts in one call to Vault. Each call opens all or none."""


@attrs.frozen
class Opening:
    """Opens facts with Vault, which lets only this process do so."""

    _vault: Vault

    def open(self, facts: Sequence[SealedFacts], ledger_index: int) -> list[Codes | None]:
        """
        Open *facts*, in their order; None for those whose cohort's key is destroyed.

        Args:
            facts: any number, of any cohorts.
            ledger_index: the entry that lets this happen; Vault's audit has it beside each call.

        Raises:
            TryAgain: Vault can't be reached.
        """
        opened: list[Codes | None] = [None] * len(facts)
        with decision(f"ledger/{ledger_index}"):
            for cohort, places in _by_cohort(facts):
                for start in range(0, len(places), _BATCH):
                    batch = places[start : start + _BATCH]
                    sealed = [facts[place].sealed for place in batch]
                    try:
                        plain = self._vault.decrypt_many(_MOUNT, f"cohort-{cohort}", sealed)
                    except KeyGone:
                        log.info("facts_of_cohort_gone", cohort=cohort)
                        break
                    for place, one in zip(batch, plain, strict=True):
                        opened[place] = codes(one)
        return opened


def _by_cohort(facts: Sequence[SealedFacts]) -> Iterator[tuple[int, list[int]]]:
    places = defaultdict(list)
    for place, each in enumerate(facts):
        places[each.cohort].append(place)
    yield from sorted(places.items())
