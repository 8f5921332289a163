"""
Mails to staff members: that something waits for them, and not a word more (R36).

Consent says for whom, identity seals where to; this worker knows neither what it is nor about whom.

Imports no gRPC: the worker's process can't have it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from services.cases.domain.mails import Mail, MailKind
from services.cases.storage.staff_addresses import StaffAddress
from services.cases.storage.work import Stores

log = structlog.get_logger(__name__)

TRIED_FOR = timedelta(days=1)
"""How long a mail is tried; what waits is in the staff member's list all the same."""


def note_address(stores: Stores, told: StaffAddress) -> None:
    """Keep where a staff member is written to, as it was sealed."""
    stores.staff_addresses.note(told)
    log.info("staff_address_noted", staff_member=told.staff_member)


def notify(stores: Stores, staff_member: str, now: datetime) -> None:
    """Let a mail leave to a staff member for whom something waits, if we know where to."""
    sealed = stores.staff_addresses.sealed(staff_member, now)
    if not sealed:
        log.info("staff_member_without_address", staff_member=staff_member)
        return
    stores.mails.notify(Mail(MailKind.NOTICE, staff_member, now, now + TRIED_FOR, sealed))
