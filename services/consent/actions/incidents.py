"""Who decides what is done about an accident (R14); the register itself is in cases."""

from __future__ import annotations

from datetime import datetime

import attrs

from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Who
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen(kw_only=True)
class Deciding:
    """What is to be decided about an accident, as cases says it, who keeps the register."""

    record: str
    incident: str
    decider: str
    """Who was named to decide; empty if there is no such accident."""
    decided: bool
    outcome: str


def authorise_decision(parts: Parts, who: Who, asked: Deciding) -> int:
    """
    Decide whether *who* may decide what is done about an accident; give the entry's place.

    Raises:
        NotAvailable: they may not know, or there is no such accident.
        RefusedByPolicy: somebody else was named, or it is decided.
    """

    def ask(work: Work, _: datetime) -> Asked:
        question = questions.to_decide_incident(
            who, work.records.find(asked.record), decider=asked.decider, decided=asked.decided
        )
        details = {"outcome": asked.outcome, "decider": asked.decider}
        return question, Line(about=asked.incident, details=details)

    return decide_and_commit(parts, ask).or_refuse().index
