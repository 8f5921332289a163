"""
Consents: a student's prior, explicit and informed yes to one disclosure.

What was asked never changes. Where a consent stands is not written anywhere: it follows from the
log of what happened to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs


class State(StrEnum):
    """Where a consent stands."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


_MAY_FOLLOW = {
    State.REQUESTED: {State.GIVEN, State.REFUSED, State.WITHDRAWN, State.EXPIRED},
    State.GIVEN: {State.WITHDRAWN, State.EXPIRED},
}
"""What ended stays ended: no later line in the log revives a consent."""


@attrs.frozen
class Asked:
    """What a student was asked; it never changes."""

    consent: str
    record: str
    student: str
    disclosure: str
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


@attrs.frozen
class Happened:
    """One line in the log of a consent."""

    state: State
    at: datetime
    ledger_index: int | None
    """None for a lapse: it follows from the end date that was agreed, nobody decided it."""
    text_sha256: str | None = None
    act: str | None = None


@attrs.frozen
class Consent:
    """A consent, and where it stands."""

    asked: Asked
    state: State = State.REQUESTED
    given: Happened | None = None
    """The student's yes, if there was one; it stays here after the end."""
    changes: int = 0

    @classmethod
    def after(cls, asked: Asked, log: Iterable[Happened]) -> Consent:
        """Give the consent as the log, in order, leaves it."""
        consent = cls(asked)
        for line in log:
            consent = consent.then(line)
        return consent

    def then(self, line: Happened) -> Consent:
        """Give the consent after one more line; a line that can't follow changes nothing."""
        if line.state not in _MAY_FOLLOW.get(self.state, ()):
            return self
        given = line if line.state is State.GIVEN else self.given
        return Consent(self.asked, line.state, given, self.changes + 1)

    def state_at(self, now: datetime) -> State:
        """Give where it stands at *now*, whether or not the worker has noted its lapse yet."""
        open_still = self.state in _MAY_FOLLOW
        return State.EXPIRED if open_still and self.asked.ends_at <= now else self.state
