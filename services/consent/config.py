"""Consent's own settings."""

from __future__ import annotations

import attrs


@attrs.frozen
class Settings:
    """What only consent's processes are told; `[settings]` of their configuration."""

    origin: str = "sas/ledger"
    """The ledger's name, first line of every checkpoint and name of its verifier key. Never change
    it while a ledger lives: receipts name it."""
    checkpoint_seconds: float = 10.0
    """How often a checkpoint is signed; on quiet days too, so that its time tells nothing."""
    lapse_seconds: float = 60.0
    """How often lapsed consents are looked for. The gate does not wait for that."""
    verbal_days: int = 7
    """How long a spoken yes counts, from when it was said, unless it is confirmed (R7)."""
