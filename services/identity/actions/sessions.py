"""Sessions: whether one still holds, and ending it."""

from __future__ import annotations

import structlog

from common.caller import Caller
from common.errors import SignInNeeded
from services.identity.actions.parts import Parts
from services.identity.actions.sign_in import sha256
from services.identity.domain.sessions import Session

log = structlog.get_logger()


def check(parts: Parts, token: str) -> Session:
    """
    Return the session that *token* stands for, and set its idle clock back.

    Asked for every call that comes in, so it is one indexed read, and rarely a write.

    Raises:
        SignInNeeded: there is no such session, or it has ended: never told apart.
    """
    now = parts.clock()
    with parts.new_reads() as reads:
        session = reads.sessions.by_token(sha256(token), now)
        if session is None or not session.holds(now, parts.lifetimes):
            raise SignInNeeded
        if session.wants_touch(now):
            reads.sessions.touch(session.id, now)
    return session


def mine(parts: Parts, caller: Caller) -> Session:
    """
    Return the caller's session.

    Raises:
        SignInNeeded: it ended in this very moment.
    """
    now = parts.clock()
    with parts.new_reads() as reads:
        session = reads.sessions.by_id(caller.session, now)
    if session is None or not session.holds(now, parts.lifetimes):
        raise SignInNeeded
    return session


def sign_out(parts: Parts, caller: Caller) -> None:
    """End the caller's session, everywhere; doing it again changes nothing."""
    with parts.new_work() as work:
        work.sessions.end(caller.session, parts.clock())
        work.commit()
    log.info("signed_out", person=caller.person, session=caller.session)
