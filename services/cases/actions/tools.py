"""What actions work with, put together once by `__main__`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import attrs

from common.pace import Pace
from common.passes import Passes
from services.cases.actions.envelopes import Envelopes
from services.cases.domain.days import london_day
from services.cases.domain.rendering.job import Job
from services.cases.storage.consent import Consent
from services.cases.storage.facts import Facts
from services.cases.storage.mail import Mail
from services.cases.storage.mails import Post
from services.cases.storage.sealing import Sealing
from services.cases.storage.walls import Walls
from services.cases.storage.work import Work


@attrs.frozen
class Tools:
    """The parts of the service that an action may need."""

    begin: Callable[[], Work]
    """
    Begins a transaction; used as `with tools.begin() as work:`.

    What is behind the caller's walls is not there in it (R10).
    """
    look: Callable[[], Work]
    """
    For reads that need no transaction: `with tools.look() as reads:`.

    Walls hide nothing in it: it is for what consent then decides on, and writes down.
    """
    begin_whole: Callable[[], Work]
    """Begins a transaction without walls, for what consent has decided on."""
    walls: Walls
    sealing: Sealing
    consent: Consent
    facts: Facts
    mail: Mail
    post: Post
    envelopes: Envelopes
    hold: timedelta
    """How long the mails of a disclosure wait at the least, so that it can be recalled."""
    pace: Pace
    """When those are answered who must not learn from the time whether there is something."""
    passes: Passes
    """Checks what the gate signed, before anything leaves."""
    render: Callable[[Job], bytes]
    """Makes the file that leaves, in a process of its own."""
    now: Callable[[], datetime]
    """The server's clock; nobody else's counts (R6)."""

    def today(self) -> date:
        """Give the day of now in London."""
        return london_day(self.now())
