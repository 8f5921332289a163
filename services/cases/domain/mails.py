"""Mails that wait until the worker sends them, each at most once as far as SMTP allows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs


class MailKind(StrEnum):
    """What a mail is for."""

    REPLY = "reply"
    """The words that everybody gets; about a question."""
    LINK = "link"
    """About a disclosure, as is the code."""
    CODE = "code"
    NOTICE = "notice"
    """To a staff member, that something waits for them: neither what nor about whom."""


class MailState(StrEnum):
    """How far a mail has come."""

    WAITING = "waiting"
    LEAVING = "leaving"
    """It is being handed to the mail server. Found so later, nobody knows what became of it."""
    SENT = "sent"
    NOT_TAKEN = "not_taken"
    """The mail server takes no mail for this address."""
    EXPIRED = "expired"
    """It could not leave in time."""
    BROKEN = "broken"
    """It was changed or belongs elsewhere, so it can't be opened."""
    UNSURE = "unsure"
    """It may have left, so it is not sent again."""


UNSENT = (MailState.BROKEN, MailState.UNSURE, MailState.NOT_TAKEN, MailState.EXPIRED)
"""What a person should look at, the gravest first."""


def gravest(states: Iterable[str]) -> MailState:
    """Give the gravest of these, of which each is one of `UNSENT`."""
    return min(map(MailState, states), key=UNSENT.index)


@attrs.frozen
class UnsentMail:
    """What has mails that did not surely leave, and that nobody has seen to."""

    id: str
    about: str
    """The name of the question or disclosure."""
    case_id: str | None
    trouble: MailState
    at: datetime


@attrs.frozen
class Mail:
    """A mail, with its address and secret sealed."""

    kind: MailKind
    about: str
    """The name of the question, disclosure or staff member."""
    leaves_at: datetime
    expires_at: datetime
    """When it is too late to send it."""
    sealed: str = attrs.field(repr=False)
    script_version: str = ""
    """Of a reply: which words."""


@attrs.frozen
class Contents:
    """What of a mail is sealed while it waits."""

    address: str = attrs.field(repr=False)
    secret: str = attrs.field(default="", repr=False)
    """Of a link its token, of a code itself."""

    def to_bytes(self) -> bytes:
        """Write the form that is sealed."""
        return json.dumps([self.address, self.secret]).encode()

    @classmethod
    def to_staff(cls, opened: bytes) -> Contents:
        """Read what identity sealed: the address, as it is."""
        return cls(opened.decode())

    @classmethod
    def from_bytes(cls, opened: bytes) -> Contents:
        """Read what `to_bytes` wrote."""
        return cls(*json.loads(opened))
