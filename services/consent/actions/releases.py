"""Releases: the ledger's line for a report, before reports opens any fact (R29, R30)."""

from __future__ import annotations

from services.consent.actions.deciding import Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Who
from services.consent.policies import questions


def authorise_release(
    parts: Parts, who: Who, *, report: str, table: str, purpose: str, period: str
) -> int:
    """
    Decide whether a report may be frozen, and give the place of the entry.

    Raises:
        NotAvailable: they are not staff of the Service.
        SecondFactorNeeded: they are, without a second factor in this session.
    """
    asked = (
        questions.to_freeze(who, report),
        Line(purpose=purpose, details={"table": table, "period": period}),
    )
    return decide_and_commit(parts, lambda _, __: asked).or_refuse().index
