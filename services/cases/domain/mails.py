"""Mails that wait until the worker sends them, each at most once as far as SMTP allows."""

from __future__ import annotations

import json
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


PARKED = (MailState.BROKEN, MailState.UNSURE)
"""What an operator should look at."""


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
