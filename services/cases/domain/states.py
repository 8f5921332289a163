"""The states things go through. They change by verbs only, and are stored by these words."""

from __future__ import annotations

from enum import StrEnum


class RecordKind(StrEnum):
    """What a record of this service is about; each kind has a key mount of its own in Vault."""

    CASE = "case"
    ENQUIRY = "enquiry"
    BREACH = "breach"
    INCIDENT = "incident"
    """An accident of which no case is known; else its words are in the case's record."""
    NAME_REQUEST = "name-request"

    @property
    def mount(self) -> str:
        """Name the transit mount with the keys of this kind."""
        return f"rk-{self.value}"


class CaseState(StrEnum):
    """How a case stands."""

    OPEN = "open"
    CLOSED = "closed"
    DISPOSAL_DUE = "disposal_due"
    DISPOSED = "disposed"

    @property
    def takes_more(self) -> bool:
        """Say whether something may still be added; a closed case takes corrections."""
        return self in (CaseState.OPEN, CaseState.CLOSED)


class DisclosureState(StrEnum):
    """How far a disclosure got."""

    PROPOSED = "proposed"
    WAITING = "waiting"
    """The mails wait, and it can still be recalled before anything leaves."""
    SENT = "sent"
    COLLECTED = "collected"
    RECALLED = "recalled"
    """A staff member took it back; the consent stands, so it may be sent again."""
    NOT_TAKEN = "not_taken"
    """The mail server takes no mail for the address that the student agreed to."""
    NOT_SENT = "not_sent"
    """Link and code could not leave, or nobody knows whether they did; it may be sent again."""
    ENDED = "ended"


class BreachState(StrEnum):
    """How far a breach of confidentiality got."""

    DRAFT = "draft"
    DECIDED = "decided"
    DISCLOSED = "disclosed"


class EnquiryKind(StrEnum):
    """Who asked."""

    STUDENT = "student"
    THIRD_PARTY = "third_party"


class QuestionKind(StrEnum):
    """What a third party asks."""

    NOT_SAID = ""
    USE = "use"
    WORRY = "worry"


class QuestionState(StrEnum):
    """How far a third party's question got."""

    NO_QUESTION = ""
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class ReplyChannel(StrEnum):
    """Which way a question is answered."""

    NONE = ""
    TELEPHONE = "telephone"
    DESK = "desk"
    MAIL = "mail"
