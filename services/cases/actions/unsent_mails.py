"""Mails that did not leave, or not surely: staff see them, and go on from there (R14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from common.caller import Caller
from common.errors import NotAvailable
from common.pages import page_size
from services.cases.actions.fields import cut, position_after
from services.cases.actions.tools import Tools
from services.cases.domain.mails import UnsentMail

log = structlog.get_logger(__name__)


def list_unsent_mails(
    tools: Tools, *, asked: int, page_token: str
) -> tuple[Sequence[UnsentMail], str]:
    """
    Give a page of what has mails that nobody has seen to, newest first, and the next page's token.

    Sending a disclosure anew takes it out of the list, too: its fresh link makes the one worthless
    of which nobody knows whether it left.
    """
    size = page_size(asked)
    after = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        found = work.unsent_mails.page(size + 1, after)
    return cut(found, size, lambda last: (last.at.isoformat(), last.id))


def acknowledge_unsent_mail(tools: Tools, who: Caller, about: str) -> None:
    """
    Note that somebody has seen to it. Nothing is sent, and its state stays as it is.

    Raises:
        NotAvailable: there is nothing of this name to see to, or the caller may not know of it.
    """
    with tools.begin() as work:
        if not work.unsent_mails.acknowledge(about, who.person, tools.now()):
            raise NotAvailable
        work.commit()
    log.info("unsent_mail_acknowledged", about=about)
