"""Enquiries: contacts that are no case (R28), and third parties' questions about somebody (R9)."""

from __future__ import annotations

import json
from datetime import date, datetime

import attrs

from services.cases.domain.mails import MailState
from services.cases.domain.names import name_of, record_of
from services.cases.domain.states import (
    EnquiryKind,
    QuestionKind,
    QuestionState,
    ReplyChannel,
)

ANSWER_TO_EVERYBODY = (
    "Thank you. The Student Advice Service can neither confirm nor deny whether anybody uses it, "
    "and gives no information about anybody without their consent. "
    "A member of staff will read what you wrote. "
    "If somebody is in immediate danger, please call 999."
)
"""The one answer to every question about a student, whoever it is about (R9)."""


@attrs.frozen
class EnquiryWords:
    """What was asked and its topic, sealed as one item; the rest is a third party's."""

    words: str = attrs.field(repr=False)
    topic: str = attrs.field(repr=False)
    about: str = attrs.field(default="", repr=False)
    answer_to: str = attrs.field(default="", repr=False)
    mail_address: str = attrs.field(default="", repr=False)

    def to_bytes(self) -> bytes:
        """Write the form that is sealed."""
        return json.dumps(attrs.asdict(self)).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> EnquiryWords:
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(opened))


@attrs.frozen
class ReplyMail:
    """A mail with the words that everybody gets."""

    state: MailState
    leaves_at: datetime


@attrs.frozen
class Enquiry:
    """An enquiry, without words."""

    id: str
    kind: EnquiryKind
    contact_date: date
    author: str
    """Empty when a third party wrote it themselves."""
    case_id: str | None
    question: QuestionKind = QuestionKind.NOT_SAID
    question_state: QuestionState = QuestionState.NO_QUESTION
    reply_channel: ReplyChannel = ReplyChannel.NONE
    mail: ReplyMail | None = None

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for its data key."""
        return name_of("enquiries", self.id)

    @property
    def record(self) -> str:
        """The name of its record."""
        return record_of(self.id)
