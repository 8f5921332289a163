"""Consent's own settings."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class Settings:
    """What only consent's processes are told; `[settings]` of their configuration."""

    origin: str = "sas/ledger"
    """The ledger's name, first line of every checkpoint and name of its verifier key. Never change
    it while a ledger lives: receipts name it."""
    checkpoint_seconds: float = 10.0
    """How often a checkpoint is signed; on quiet days too, so that its time tells nothing."""
    tiles_seconds: float = 30.0
    """How often full tiles are written, at most a hundred. Proofs don't wait for that."""
    lapse_seconds: float = 60.0
    """How often lapsed consents are looked for. The gate does not wait for that."""
    verbal_days: int = 7
    """How long a spoken yes counts, from when it was said, unless it is confirmed (R7)."""
    passkey_domain: str = "localhost"
    """For which domain students' passkeys are (R7); the same as identity's."""
    passkey_pages: tuple[str, ...] = ()
    """At which pages they may be used, as `https://advice.example`; the same as identity's."""
    controller_name: str = "Student Advice Service"
    """Who is responsible (the controller), as records of consent say it; with these two."""
    controller_contact: str = "the students' union's data protection contact"
    controller_address: str = "the students' union"
    ledger_disk: Path | None = None
    """Where the ledger's database lies, if on this machine: so one sees before its disk is full."""
    witnesses: tuple[str, ...] = ()
    """Who watches that the ledger only grows: the verifier key and the URL of each, with a blank
    between, as `example.org/witness+1a2b3c4d+BA... https://witness.example.org`."""
    witness_ca_file: Path | None = None
    """Whom to trust for their certificates, if not whom the machine trusts."""
    witness_seconds: float = 10.0
    """How often they are shown the newest checkpoint; on quiet days too, so that they know it is
    the newest, and we that they are there."""
