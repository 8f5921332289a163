"""What actions work with, put together once by `__main__`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import attrs

from common.passes import Passes
from services.reports.storage.consent import Consent
from services.reports.storage.opening import Opening
from services.reports.storage.work import Work


@attrs.frozen
class Tools:
    """The parts of the service that an action may need."""

    begin: Callable[[], Work]
    """Begins a transaction; used as `with tools.begin() as work:`."""
    consent: Consent
    opening: Opening
    passes: Passes
    """Checks what the gate signed."""
    smallest_published: Mapping[str, int]
    """How many people a published number stands for at the least, for each purpose."""
    now: Callable[[], datetime]
    """The server's clock."""
