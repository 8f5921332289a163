"""Asking for a conflict of interest before one advises (R10)."""

from __future__ import annotations

import structlog

from services.cases.actions.tools import Tools
from services.cases.domain.names import record_of

log = structlog.get_logger(__name__)


def should_pass_on(tools: Tools, about: str) -> bool:
    """
    Say whether the caller should pass a case or enquiry to a colleague; never why.

    Nothing is looked up here, so what is not there is one more thing that nobody is walled off
    from.

    Raises:
        NotAvailable: the caller is not of the Service.
        SecondFactorNeeded: the session has none.
    """
    answer = tools.walls.stands_in_the_way([record_of(about.partition("/")[2])])
    log.info("conflict_checked")
    return answer
