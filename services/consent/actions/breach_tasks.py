"""What colleagues are asked to do about breaches, and how many there were (R32, R36)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from common.errors import NotAvailable
from services.consent.actions.deciding import Line, decide
from services.consent.actions.parts import Parts
from services.consent.domain.breach import REVIEW_WITHIN, Breach, Reviewed
from services.consent.domain.counts import TermCount, by_term
from services.consent.domain.facts import Who
from services.consent.domain.names import bare
from services.consent.policies import questions
from services.consent.storage.work import Work


def advice_requests(parts: Parts, who: Who) -> list[Breach]:
    """Give the breaches on which the caller is asked for advice and has not answered (R36)."""
    with parts.new_reads() as work:
        return _seen_by(work, who, work.breaches.asked_of(who.name))


def awaiting_review(parts: Parts, who: Who) -> list[Breach]:
    """Give the breaches that were decided without advice and that no colleague has looked at."""
    with parts.new_reads() as work:
        waiting = [each.breach for each in work.breach_counts.awaiting_review()]
        return _seen_by(work, who, waiting)


def review(parts: Parts, who: Who, name: str, *, against: bool) -> Breach:
    """
    Review a breach that was decided in an emergency, as a colleague, from their own session (R36).

    Raises:
        NotAvailable: they may not know, or there is no such breach.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        record = work.records.find(f"records/{bare(name)}")
        breach = work.breaches.find(name)
        now = parts.clock()
        recorded = decide(
            parts,
            work,
            questions.on_breach(who, "breach:review", record, breach, now),
            Line(breach=name, details={"review": "against" if against else "for"}),
            now,
        )
        reviewed = Reviewed(who.name, now, against, recorded.index)
        if recorded.allowed:
            work.breaches.review(name, reviewed)
        work.commit()
    recorded.or_refuse()
    if breach is None:
        raise NotAvailable
    return attrs.evolve(breach, reviewed=reviewed)


@attrs.frozen
class Counts:
    """How often confidentiality was breached, without anybody in it."""

    terms: list[TermCount]
    overdue_tasks: int


def count(parts: Parts, who: Who) -> Counts:
    """
    Count breaches by term, and tasks that are overdue (R32), but for those behind a wall (R10).

    Neither grounds nor recipients are counted: one breach of a rare kind is somebody. Reviews of
    embargoes are counted together with others, so that no number says that there is an embargo.
    """
    now = parts.clock()
    with parts.new_reads() as work:
        hidden = {f"breaches/{bare(each)}" for each in work.walls.of(who.name).records}
        decided = [x for x in work.breach_counts.decisions() if x.breach not in hidden]
        waiting = [x for x in work.breach_counts.awaiting_review() if x.breach not in hidden]
        standing = [x for x in work.embargoes.all_standing() if x.breach not in hidden]
    due = [x.at + REVIEW_WITHIN for x in waiting] + [x.review_due_at for x in standing]
    return Counts(by_term(decided, now), sum(each < now for each in due))


def _seen_by(work: Work, who: Who, names: Iterable[str]) -> list[Breach]:
    """Give these breaches, without those behind a wall and those disposed of."""
    seen = []
    for name in names:
        record = work.records.find(f"records/{bare(name)}")
        breach = work.breaches.find(name)
        if breach and not record.walls_off(who.name) and record.disposed_at is None:
            seen.append(breach)
    return seen


def overdue(breach: Breach, now: datetime) -> bool:
    """Whether a colleague's review of it should have been there by *now*."""
    due = breach.decided.review_due_at if breach.decided else None
    return breach.awaits_review and due is not None and due < now
