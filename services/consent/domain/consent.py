"""
Consents: a student's prior, explicit and informed yes to one thing.

What was asked never changes. Where a consent stands is not written anywhere: it follows from the
log of what happened to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from services.consent.domain.kinds import Kind, kind_of
from services.consent.domain.ledger.entry import canonical


class Happening(StrEnum):
    """What a line of a consent's log says."""

    GIVEN = "given"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    """Of a spoken yes: by the student in a session of their own, or by a second staff member."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """The student was asked for the same anew."""


class State(StrEnum):
    """Where a consent stands."""

    REQUESTED = "requested"
    PROVISIONAL = "provisional"
    """A spoken yes that nobody has confirmed yet."""
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


_ENDS = {
    Happening.REFUSED: State.REFUSED,
    Happening.WITHDRAWN: State.WITHDRAWN,
    Happening.EXPIRED: State.EXPIRED,
    Happening.SUPERSEDED: State.SUPERSEDED,
}
_YES = {Happening.GIVEN, Happening.CONFIRMED}
_OVER = {Happening.WITHDRAWN, Happening.EXPIRED, Happening.SUPERSEDED}
_MAY_FOLLOW = {
    State.REQUESTED: {Happening.GIVEN, Happening.REFUSED, *_OVER},
    State.PROVISIONAL: {Happening.CONFIRMED, *_OVER},
    State.GIVEN: _OVER,
}
"""What ended stays ended: no later line in the log revives a consent, lapsed ones included."""

IN_FORCE = frozenset({State.GIVEN, State.PROVISIONAL})


@attrs.frozen
class Asked:
    """What a student was asked; it never changes."""

    consent: str
    record: str
    student: str
    disclosure: str
    """What would be done, as `disclosures/{id}`, or as `contacts/{id}` for the other kinds."""
    recipient: str
    purpose: str
    payload_digest: str
    """The SHA-256 of what would leave, with recipient, address, purpose and last day."""
    items: frozenset[str]
    """What would be opened for it; never "everything"."""
    text_version: str
    text_sha256: str
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    """The first moment at which it no longer holds."""
    ledger_index: int
    language: str = "en"
    """Of the text, as BCP 47 writes it."""

    @property
    def kind(self) -> Kind:
        """What kind of consent it is; it follows from the purpose."""
        return kind_of(self.purpose)

    def is_about_the_same(self, other: Asked) -> bool:
        """
        Whether a yes to one would be a yes to the other, but for the days, texts and addresses.

        So a student has one consent at a time to one letter for one tutor, or to one person whom
        they trust.
        """
        if self.disclosure == other.disclosure:
            return True
        return (self.student, self.recipient, self.purpose) == (
            other.student,
            other.recipient,
            other.purpose,
        ) and self._beside_itself == other._beside_itself

    @property
    def _beside_itself(self) -> frozenset[str]:
        return self.items - {self.disclosure}


@attrs.frozen(kw_only=True)
class Spoken:
    """How a student said yes to a staff member, as codes."""

    manner: str
    """`in_person`, `by_telephone` or `by_video`."""
    place: str
    """`room_of_the_service` or `private_place`."""
    at: datetime
    """When, as the staff member says."""
    confirm_by: datetime
    """The first moment at which it no longer holds, unless it was confirmed before."""


@attrs.frozen
class Happened:
    """One line in the log of a consent."""

    what: Happening
    at: datetime
    """By our clock."""
    ledger_index: int | None
    """None for a lapse: it follows from the end that was agreed, nobody decided it."""
    by: str = ""
    text_sha256: str | None = None
    act: str | None = None
    spoken: Spoken | None = None
    signature_sha256: str | None = None
    """Of what the student's passkey signed, if it did; kept whole beside the log."""


@attrs.frozen
class Consent:
    """A consent, and where it stands."""

    asked: Asked
    state: State = State.REQUESTED
    log: tuple[Happened, ...] = ()
    """The lines that counted; they stay here after the end."""

    @classmethod
    def after(cls, asked: Asked, log: Iterable[Happened]) -> Consent:
        """Give the consent as the log, in order, leaves it."""
        consent = cls(asked)
        for line in log:
            consent = consent.then(line)
        return consent

    def then(self, line: Happened) -> Consent:
        """Give the consent after one more line; a line that can't follow changes nothing."""
        if line.what not in _MAY_FOLLOW.get(self.state, ()):
            return self
        if line.what in _YES and self.state_at(line.at) is State.EXPIRED:
            return self
        if line.what is Happening.GIVEN:
            state = State.PROVISIONAL if line.spoken else State.GIVEN
        else:
            state = _ENDS.get(line.what, State.GIVEN)
        return Consent(self.asked, state, (*self.log, line))

    @property
    def given(self) -> Happened | None:
        """The student's yes, if there was one."""
        return self._line(Happening.GIVEN)

    @property
    def confirmed(self) -> Happened | None:
        """What confirmed a spoken yes."""
        return self._line(Happening.CONFIRMED)

    @property
    def signed(self) -> Happened | None:
        """The line that the student's passkey signed, if there is one."""
        return next((line for line in self.log if line.signature_sha256), None)

    def _line(self, what: Happening) -> Happened | None:
        return next((line for line in self.log if line.what is what), None)

    @property
    def confirm_by(self) -> datetime | None:
        """Until when a spoken yes has to be confirmed; None if there is nothing to confirm."""
        given = self.given
        spoken = given.spoken if given else None
        return spoken.confirm_by if spoken and self.state is State.PROVISIONAL else None

    @property
    def lapses_at(self) -> datetime | None:
        """The first moment at which it no longer holds if nothing else happens; None if ended."""
        if self.state not in _MAY_FOLLOW:
            return None
        return min(self.asked.ends_at, self.confirm_by or self.asked.ends_at)

    def state_at(self, now: datetime) -> State:
        """Give where it stands at *now*, whether or not the worker has noted its lapse yet."""
        return State.EXPIRED if self.lapses_at and self.lapses_at <= now else self.state

    def holds_at(self, now: datetime) -> bool:
        """Whether it is a yes that counts at *now*."""
        return self.state_at(now) in IN_FORCE

    def held_at(self, moment: datetime) -> bool:
        """Whether it was a yes that counted at *moment*, whatever became of it afterwards."""
        before = (line for line in self.log if line.at <= moment)
        return Consent.after(self.asked, before).holds_at(moment)

    def open_at(self, now: datetime) -> bool:
        """Whether something can still become of it at *now*."""
        return self.state_at(now) in _MAY_FOLLOW


def digest_of(consent: Consent) -> str:
    """Hash what was asked and agreed, in hexadecimal: every ledger entry about it binds this."""
    asked, given = consent.asked, consent.given
    bound = canonical(
        {
            "act": (given.act if given else None) or "",
            "asked_at": asked.asked_at.isoformat(),
            "consent": asked.consent,
            "disclosure": asked.disclosure,
            "ends_at": asked.ends_at.isoformat(),
            "given_at": given.at.isoformat() if given else "",
            "items": sorted(asked.items),
            "language": asked.language,
            "payload_digest": asked.payload_digest,
            "purpose": asked.purpose,
            "recipient": asked.recipient,
            "record": asked.record,
            "student": asked.student,
            "text_sha256": asked.text_sha256,
            "text_version": asked.text_version,
        }
    )
    return hashlib.sha256(bound).hexdigest()
