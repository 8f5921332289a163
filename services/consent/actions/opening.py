"""
Unwrapping data keys: the one place in the whole system where a record's key opens anything.

It asks for a `Recorded` decision, so it can't be called without one, and every call names the
entry in Vault's own audit line: a reconciler finds each opening in both logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs

from common.errors import NotAvailable
from common.vault import KeyGone, decision
from services.consent.actions.deciding import Recorded
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Record
from services.consent.domain.names import bare

_MOUNTS: Mapping[str, str] = MappingProxyType(
    {
        "case": "rk-case",
        "enquiry": "rk-enquiry",
        "registration_form": "rk-registration",
        "monitoring_form": "rk-monitoring",
        "breach": "rk-breach",
        "incident": "rk-incident",
        "third_party": "rk-third-party",
        "name_request": "rk-name-request",
    }
)
"""Each kind of record, and the Vault mount of its keys."""


@attrs.frozen
class Wrapped:
    """One sealed item's name, and its data key as Vault wrapped it."""

    item: str
    key: str = attrs.field(repr=False)


@attrs.frozen
class Opened:
    """Data keys, in the order of the items asked for, and the entry that allowed it."""

    ledger_index: int
    keys: Sequence[tuple[str, bytes]] = attrs.field(repr=False)
    gate_pass: str = attrs.field(default="", repr=False)
    """What the gate signed, where something may leave with these keys."""

    def passed(self, gate_pass: str) -> Opened:
        """Give the same, with a pass."""
        return attrs.evolve(self, gate_pass=gate_pass)


def unwrap(parts: Parts, recorded: Recorded, items: Sequence[Wrapped]) -> Opened:
    """
    Unwrap the data keys of one record, after its decision was committed.

    If Vault is away, the entry stands and nothing was opened: a line too many in the student's
    list, which is harmless, where a line too few would not be.

    Raises:
        TryAgain: Vault can't be reached.
        NotAvailable: the record was disposed of a moment ago.
    """
    record = recorded.or_refuse().question.resource
    if not items or not isinstance(record, Record):
        return Opened(recorded.index, ())
    with decision(recorded.entry.entry_id):
        try:
            keys = parts.vault.unwrap_keys(
                _MOUNTS[record.kind], bare(record.name), [(each.item, each.key) for each in items]
            )
        except KeyGone:
            raise NotAvailable from None
    names = [each.item for each in items]
    return Opened(recorded.index, tuple(zip(names, keys, strict=True)))
