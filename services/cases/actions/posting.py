"""
What the worker does with mails that wait: send those whose hour has come, each by itself.

A mail is marked as leaving, and that committed, before the mail server gets it. So whatever breaks
afterwards, none is sent twice: one of which nobody knows is left for a person to look at. One that
was changed, or whose address is none, holds up no other; while Vault or its key is away, all wait.

Imports no gRPC: the worker's process can't have it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import attrs
import structlog
from sqlalchemy import Connection

from common.errors import TryAgain
from common.vault import KeyGone, VaultDenied, VaultRefused
from services.cases.domain.mails import Contents, Mail, MailKind, MailState
from services.cases.domain.names import id_of
from services.cases.domain.replies import script_of
from services.cases.domain.states import DisclosureState, ReplyChannel
from services.cases.storage.mail import Mail as MailServer
from services.cases.storage.mail import MailAway, MailUnsure, NotTaken
from services.cases.storage.mails import Post
from services.cases.storage.work import HandlerWork, Stores

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(minutes=1)
AT_ONCE = 40
"""Mails in one turn of the worker."""


@attrs.frozen
class PostRoom:
    """What the worker sends mails with."""

    begin: Callable[[], AbstractContextManager[Connection]]
    """Begins a transaction, committed at the end of its block."""
    post: Post
    server: MailServer
    clock: Callable[[], datetime]


def send_due(room: PostRoom) -> None:
    """Send the mails whose hour has come, and say which can't be sent any more."""
    while _clear_one(room):
        pass
    for _ in range(AT_ONCE):
        with room.begin() as connection:
            mail = HandlerWork(connection).mails.claim(room.clock())
        if mail is None:
            return
        try:
            contents = room.post.open(mail)
        except (VaultRefused, ValueError):
            _ends(room, mail, MailState.BROKEN)
            continue
        except (KeyGone, VaultDenied):
            # The key may come back, as from a snapshot; a mail that is given up does not.
            log.error("mail_key_away", about=mail.about, kind=str(mail.kind))
            _put_back(room, mail)
            continue
        except TryAgain:
            _put_back(room, mail)
            return
        if not _send_one(room, mail, contents):
            return


def _send_one(room: PostRoom, mail: Mail, contents: Contents) -> bool:
    """
    Send one mail, while nobody can take it back.

    A recall, or the end of the consent, comes before and nothing is sent, or after and the link is
    dead (R6, R14).

    Returns:
        False if the mail server takes no mail now.
    """
    try:
        with room.begin() as connection:
            stores = HandlerWork(connection)
            if not _still_to_leave(stores, mail):
                return True
            _hand_over(room.server, mail, contents)
            _became(stores, mail, MailState.SENT)
    except NotTaken:
        _ends(room, mail, MailState.NOT_TAKEN)
    except MailUnsure:
        _ends(room, mail, MailState.UNSURE)
    except MailAway:
        _put_back(room, mail)
        return False
    return True


def _still_to_leave(stores: Stores, mail: Mail) -> bool:
    """Hold a mail, if nobody has taken it back and its disclosure still waits for it."""
    if not stores.mails.hold(mail):
        return False
    disclosure = id_of(mail.about, "disclosures")
    if disclosure is None or stores.disclosures.is_waiting(disclosure):
        return True
    stores.mails.drop(mail)  # its link did not leave, so it is worth nothing
    return False


def _hand_over(server: MailServer, mail: Mail, contents: Contents) -> None:
    match mail.kind:
        case MailKind.REPLY:
            script = script_of(ReplyChannel.MAIL, mail.script_version)
            server.send_reply(contents.address, script.text)
        case MailKind.LINK:
            server.send_link(contents.address, contents.secret)
        case MailKind.CODE:
            server.send_code(contents.address, contents.secret)
        case MailKind.NOTICE:
            server.send_notice(contents.address)


def _clear_one(room: PostRoom) -> bool:
    """Say of one mail that was left behind what became of it; False if there is none."""
    with room.begin() as connection:
        stores = HandlerWork(connection)
        found = stores.mails.left_behind(room.clock())
        if found is None:
            return False
        _became(stores, *found)
    return True


def _put_back(room: PostRoom, mail: Mail) -> None:
    with room.begin() as connection:
        HandlerWork(connection).mails.later(mail, room.clock() + AGAIN_AFTER)


def _ends(room: PostRoom, mail: Mail, state: MailState) -> None:
    with room.begin() as connection:
        _became(HandlerWork(connection), mail, state)


def _became(stores: Stores, mail: Mail, state: MailState) -> None:
    """Note what became of a mail, where operators and the staff see it."""
    stores.mails.done_with(mail, state)
    say = log.info if state is MailState.SENT else log.warning
    say("mail_done_with", about=mail.about, kind=str(mail.kind), state=str(state))
    disclosure = id_of(mail.about, "disclosures")
    if disclosure is None:
        return
    if state is not MailState.SENT:
        became = (
            DisclosureState.NOT_TAKEN if state is MailState.NOT_TAKEN else DisclosureState.NOT_SENT
        )
        stores.disclosures.did_not_leave(disclosure, became)
    elif stores.mails.all_sent(mail.about):
        stores.disclosures.left(disclosure)
        log.info("disclosure_sent", disclosure=mail.about)
