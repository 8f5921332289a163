"""Embargoes: looking at one again, and lifting it (R35)."""

from __future__ import annotations

from common.errors import NotAvailable
from services.consent.actions.deciding import Line, Recorded, decide
from services.consent.actions.parts import Parts
from services.consent.domain.embargo import Embargo
from services.consent.domain.facts import Who
from services.consent.domain.names import bare
from services.consent.policies import questions
from services.consent.storage.work import Change


def standing(parts: Parts, who: Who) -> list[Embargo]:
    """Give the embargoes that stand, but for those behind a wall; first the one due first."""
    with parts.new_reads() as work:
        return [
            each
            for each in work.embargoes.all_standing()
            if not work.records.find(f"records/{bare(each.breach)}").walls_off(who.name)
        ]


def review(parts: Parts, who: Who, name: str) -> Embargo:
    """
    Record that somebody looked at an embargo, and that it stays for another 30 days.

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        recorded = _decide(parts, work, who, "embargo:review", name, {})
        if recorded.allowed:
            work.embargoes.note_review(name, who.name, recorded.entry.at, recorded.index)
        work.commit()
    recorded.or_refuse()
    return _embargo(parts, name)


def lift(parts: Parts, who: Who, name: str, reason: str) -> Embargo:
    """
    Lift an embargo: the student's list shows the lines, and until when they were hidden.

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        recorded = _decide(parts, work, who, "embargo:lift", name, {"reason": reason})
        if recorded.allowed:
            work.embargoes.lift(name, who.name, reason, recorded.entry.at, recorded.index)
        work.commit()
    recorded.or_refuse()
    return _embargo(parts, name)


def _decide(
    parts: Parts, work: Change, who: Who, action: str, name: str, details: dict[str, str]
) -> Recorded:
    record = work.records.find(f"records/{bare(name)}")
    now = parts.clock()
    question = questions.on_breach(who, action, record, work.breaches.find(name), now)
    return decide(parts, work, question, Line(breach=name, details=details), now)


def _embargo(parts: Parts, name: str) -> Embargo:
    with parts.new_reads() as work:
        found = work.embargoes.find(name)
    if found is None:
        raise NotAvailable
    return found
