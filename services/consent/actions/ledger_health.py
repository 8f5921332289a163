"""How the ledger does, to operators and auditors in full, and to anybody in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import structlog

from common.errors import TryAgain
from services.consent.actions.parts import Parts
from services.consent.domain.ledger.health import Health, Standing, judge
from services.consent.storage.ledger_health import standing

log = structlog.get_logger(__name__)


def ledger_health(parts: Parts) -> Health:
    """Say how the ledger does now. It answers whatever is away; that is what it is for."""
    return judge(_found(parts), parts.clock())


def _found(parts: Parts) -> Standing | None:
    try:
        with parts.new_reads() as work:
            found = standing(work.connection)
    except TryAgain:
        return None
    return attrs.evolve(
        found,
        free=None if parts.ledger_disk is None else _free(parts.ledger_disk),
        takes_lines=parts.group_commit.takes_lines(),
        gives_keys=parts.ledger_key.answers(),
    )


def _free(disk: Path) -> int | None:
    try:
        return shutil.disk_usage(disk).free
    except OSError:
        log.warning("ledger_disk_not_found")
        return None
