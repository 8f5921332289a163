"""What has to be done though nobody asks: checkpoints, lapsed consents, an eye on breaches."""

from __future__ import annotations

from datetime import datetime

import structlog
from sas.consent.v1.events_pb2 import ConsentEnded
from sqlalchemy import Connection

from common import outbox
from services.consent.actions.signing import LedgerKey, sign_checkpoint
from services.consent.domain.breach import REVIEW_WITHIN
from services.consent.domain.consent import Happened, Happening
from services.consent.domain.counts import by_term
from services.consent.domain.staff import StaffRole
from services.consent.storage.consents import Consents
from services.consent.storage.counts import BreachCounts
from services.consent.storage.ledger import Ledger
from services.consent.storage.name_requests import NameRequestCounts
from services.consent.storage.records import Records
from services.consent.storage.staff import Staff

log = structlog.get_logger(__name__)

_AT_ONCE = 100


def checkpoint(connection: Connection, key: LedgerKey, now: datetime) -> None:
    """Sign a checkpoint of the ledger as it is, unless this size is signed already."""
    ledger = Ledger(connection)
    sign_checkpoint(ledger, key, ledger.frontier(), now)


def write_tiles(connection: Connection) -> int:
    """
    Write the tiles that have become full, so that proofs need not read the entries.

    Returns:
        How many; at most a hundred in one go.
    """
    ledger = Ledger(connection)
    return ledger.tiles.write(ledger.frontier().size, _AT_ONCE)


def end_lapsed_consents(connection: Connection, now: datetime) -> int:
    """
    Note that consents have lapsed, and tell it, so that nothing of them stays about.

    Nothing hangs on it being in time: the gate looks at the last day itself.

    Returns:
        How many; at most a hundred in one go.
    """
    consents = Consents(connection)
    Ledger(connection).hold()
    lapsed = consents.lapsed(now, _AT_ONCE)
    for consent in lapsed:
        line = Happened(Happening.EXPIRED, now, ledger_index=None)
        consents.note(consent.asked.consent, line)
        outbox.put(
            connection,
            ConsentEnded(
                consent=consent.asked.consent,
                disclosure=consent.asked.disclosure,
                how=str(Happening.EXPIRED),
            ),
        )
    if lapsed:
        log.info("consents_lapsed", count=len(lapsed))
    return len(lapsed)


def watch_breaches(connection: Connection, now: datetime) -> None:
    """
    Alert the operators to reviews that are overdue, and to more breaches than "very rare" (R32).

    An alert is a warning in the log: a number and a term, nobody's name.
    """
    counts = BreachCounts(connection)
    overdue = sum(each.at + REVIEW_WITHIN < now for each in counts.awaiting_review())
    if overdue:
        log.warning("breach_reviews_overdue", count=overdue)
    this_term = by_term(counts.decisions(), now)[0]
    if this_term.unusual:
        log.warning("breaches_unusual", term=this_term.term.code, decided=this_term.decided)


def watch_name_requests(connection: Connection, now: datetime) -> None:
    """
    Alert the operators to requests for a name that nobody has answered within a month (R24).

    An alert is a warning in the log: a number, and nobody's name.
    """
    overdue = NameRequestCounts(connection).overdue(now)
    if overdue:
        log.warning("name_requests_overdue", count=overdue)


def note_disposal(connection: Connection, record: str, now: datetime) -> None:
    """Note that a record's key is destroyed: from now on nothing of it is decided any more."""
    Ledger(connection).hold()
    Records(connection).dispose(record, now)
    log.info("record_disposed", record=record)


def note_role(connection: Connection, told: StaffRole) -> None:
    """Note until when somebody has a role, so that no leaver is asked for advice (R36)."""
    Staff(connection).note(told)
    log.info("staff_role_noted", staff_member=told.staff_member, role=told.role)
