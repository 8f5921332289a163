"""
Access requests: a student asks for a copy of what the Service holds about them (R24).

UK GDPR, articles 12 and 15. A request never changes; what happens to it is a log, and how it stands
follows from that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

import attrs

from services.cases.domain.access_clock import Clock, Pause
from services.cases.domain.names import name_of


class Manner(StrEnum):
    """How a student asked."""

    OWN_SESSION = "own_session"
    IN_PERSON = "in_person"
    TELEPHONE = "telephone"
    IN_WRITING = "in_writing"


class Happening(StrEnum):
    """What happens to a request, or to a copy for it."""

    EXTENDED = "extended"
    CLOCK_STOPPED = "clock_stopped"
    CLOCK_STARTED = "clock_started"
    CLOSED = "closed"
    COPY_RELEASED = "copy_released"
    COPY_RECALLED = "copy_recalled"
    COPY_COLLECTED = "copy_collected"


class RequestState(StrEnum):
    """How a request stands."""

    OPEN = "open"
    WAITING = "waiting"
    """For the student: the clock stands."""
    ANSWERED = "answered"
    """All that there was is in copies that were released."""
    CLOSED = "closed"


@attrs.frozen
class Event:
    """A line of a request's log."""

    happening: Happening
    at: datetime
    day: date
    """The day that counts, which can be earlier than the line."""
    reason: str = ""
    """A code."""
    copy: str = ""
    """The name of the copy, if it is about one."""


@attrs.frozen
class AccessRequest:
    """What was asked, by whom and when. Never changed."""

    id: str
    student: str
    received_on: date
    manner: Manner
    author: str
    created_at: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return name_of("accessRequests", self.id)


@attrs.frozen
class Standing:
    """A request as it stands for whoever looks at it: as far as they may know."""

    request: AccessRequest
    events: Sequence[Event]
    left: Sequence[str] = ()
    """Names of what was there when it came in, and is in no copy that is out."""

    @property
    def clock(self) -> Clock:
        """Its clock."""
        pauses: list[Pause] = []
        for each in self.events:
            if each.happening is Happening.CLOCK_STOPPED:
                pauses.append(Pause(each.day))
            elif each.happening is Happening.CLOCK_STARTED:
                pauses[-1] = Pause(pauses[-1].since, each.day)
        return Clock(self.request.received_on, bool(self._last(Happening.EXTENDED)), pauses)

    @property
    def state(self) -> RequestState:
        """How it stands."""
        if self._last(Happening.CLOSED):
            return RequestState.CLOSED
        if self.copies_out and not self.left:
            return RequestState.ANSWERED
        return RequestState.WAITING if self.clock.stopped else RequestState.OPEN

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done about it."""
        return self.state in (RequestState.ANSWERED, RequestState.CLOSED)

    @property
    def copies_out(self) -> list[str]:
        """The names of the copies that were released and not taken back, in order."""
        out: dict[str, None] = {}
        for each in self.events:
            if each.happening is Happening.COPY_RELEASED:
                out[each.copy] = None
            elif each.happening is Happening.COPY_RECALLED:
                out.pop(each.copy, None)
        return list(out)

    @property
    def copies_collected(self) -> list[str]:
        """The names of the copies that the student has collected, in order."""
        collected = (e.copy for e in self.events if e.happening is Happening.COPY_COLLECTED)
        return list(dict.fromkeys(collected))

    def reason_for(self, happening: Happening) -> str:
        """Give the code with which something happened last; empty if it did not."""
        last = self._last(happening)
        return last.reason if last else ""

    def _last(self, happening: Happening) -> Event | None:
        return next((e for e in reversed(self.events) if e.happening is happening), None)
