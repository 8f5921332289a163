"""
What the worker does with mails that wait: send those whose hour has come.

Imports no gRPC: the worker's process can't have it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from common.errors import TryAgain
from services.cases.domain.links import WaitingMails
from services.cases.domain.names import name_of
from services.cases.domain.replies import script_of
from services.cases.domain.states import ReplyChannel, ReplyMailState
from services.cases.storage.mail import Mail, MailAway, NotTaken
from services.cases.storage.reply_mails import Post
from services.cases.storage.work import Stores

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
TRIES = 12
"""After these, the mail is given up, and the list of questions says so."""
A_MINUTE = timedelta(minutes=1)
AT_ONCE = 20
"""Mails in one turn of the worker."""


def send_due_replies(stores: Stores, post: Post, mail: Mail, now: datetime) -> None:
    """
    Send the mails whose hour has come.

    A mail that the worker sent, and then could not note as sent, is sent again: twice the same
    words tell nobody anything.
    """
    for waiting in stores.reply_mails.due(now, AT_ONCE):
        script = script_of(ReplyChannel.MAIL, waiting.script_version)
        try:
            mail.send_reply(post.open(waiting.sealed_address), script.text)
        except NotTaken:
            stores.reply_mails.done_with(waiting, ReplyMailState.NOT_DELIVERED)
        except (MailAway, TryAgain):
            if waiting.tries + 1 < TRIES:
                stores.reply_mails.later(waiting, now + AGAIN_AFTER)
            else:
                stores.reply_mails.done_with(waiting, ReplyMailState.NOT_DELIVERED)
        else:
            stores.reply_mails.done_with(waiting, ReplyMailState.SENT)
            log.info("reply_sent")


def send_due_links(stores: Stores, post: Post, mail: Mail, now: datetime) -> None:
    """
    Send the links that nobody has recalled in time (R14).

    Each row is held while its mails go out: a recall, or the end of the consent, comes before and
    nothing is sent, or after and the link is dead. Without a mail server they wait on, for as long
    as the link lives.
    """
    for due in stores.disclosures.due(now, AT_ONCE):
        try:
            waiting = WaitingMails.from_text(post.open(due.sealed))
            mail.send_link(waiting.address, waiting.fresh)
        except TryAgain:
            stores.disclosures.later(due.id, now + A_MINUTE)
        else:
            stores.disclosures.sent(due.id, due.link)
            log.info("disclosure_sent", disclosure=name_of("disclosures", due.id))
