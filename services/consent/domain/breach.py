"""The procedure for breaching confidentiality, in ids and codes; the words are in cases."""

from __future__ import annotations

from datetime import datetime

import attrs

from services.consent.domain.grounds import ground


@attrs.frozen(kw_only=True)
class BreachFacts:
    """One version of what is known about a breach under consideration."""

    breach: str
    record: str
    case_record: str
    ground: str = ""
    serious: bool = False
    imminent: bool = False
    has_outline: bool = False
    has_reason: bool = False
    has_intended_outcome: bool = False
    has_student_spoken_to: bool = False
    recipients: frozenset[tuple[str, str]] = frozenset()
    """Third parties, each with its kind."""
    words_digest: str = ""
    recorded_by: str
    recorded_at: datetime

    def same_gist(self, other: BreachFacts) -> bool:
        """Whether it is about telling the same people, on the same ground."""
        return (self.ground, self.recipients) == (other.ground, other.recipients)


@attrs.frozen
class Advice:
    """A colleague who was asked, and what they answered."""

    colleague: str
    asked_at: datetime
    answered_at: datetime | None = None
    against: bool = False
    outdated: bool = False
    """Whether ground or recipients are no longer those that the answer was about."""


@attrs.frozen
class Decided:
    """The decision to breach confidentiality."""

    by: str
    at: datetime
    ledger_index: int


@attrs.frozen
class Breach:
    """A breach of confidentiality, as far as its procedure got."""

    facts: BreachFacts
    involved: str
    """The staff member who began it: theirs is the final decision (R37)."""
    advice: tuple[Advice, ...] = ()
    decided: Decided | None = None

    def advice_that_counts(self, walled: frozenset[str]) -> Advice | None:
        """
        Choose the answer that the policy looks at.

        Cedar can't ask "is there one among these", so one is named to it; the policy judges that
        one, and this only sees to it that a fit one is preferred. Somebody's "against" comes
        before anybody's "for", so that no disagreement is passed over.
        """
        answered = [each for each in self.advice if each.answered_at is not None]

        def order(each: Advice) -> tuple[bool, bool]:
            fit = each.colleague != self.involved and each.colleague not in walled
            return not fit or each.outdated, not each.against

        return min(answered, key=order, default=None)


def hidden_from_the_student(name: str, ever_tipping_off: bool) -> bool:
    """
    Whether lines about a breach with this ground stay out of the student's list (R35).

    Hidden while no ground is chosen, too: what was once shown could not be taken back when the
    ground turns out to be one under which telling the student is an offence.

    Args:
        name: the ground as it is now; empty if not chosen.
        ever_tipping_off: whether any earlier version had such a ground.
    """
    chosen = ground(name)
    return ever_tipping_off or chosen is None or chosen.tipping_off
