"""The procedure for breaching confidentiality, in ids and codes; the words are in cases."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from services.consent.domain.grounds import ground
from services.consent.domain.staff import StaffRole

REVIEW_WITHIN = timedelta(hours=24)
"""Until when a colleague is to review what was decided in an emergency."""

TRUSTED_CONTACT = "trusted_contact"
"""The kind of a recipient who is told because the student agreed to that in advance (R33)."""


@attrs.frozen(kw_only=True)
class StudentFirst:
    """The attempt to speak to the student first (when, how, result), or why there was none."""

    attempted_at: datetime | None = None
    channel: str = ""
    result: str = ""
    why_not: str = ""

    @property
    def said(self) -> str:
        """Say what is recorded, as a code; empty when neither is recorded whole."""
        if self.attempted_at and self.channel and self.result:
            return "attempted"
        return "not_attempted" if self.why_not else ""


@attrs.frozen(kw_only=True)
class BreachFacts:
    """One version of what is known about a breach under consideration."""

    breach: str
    record: str
    case_record: str
    ground: str = ""
    serious: bool = False
    imminent: bool = False
    whose_safety: str = ""
    """`student`, `others` or `student_and_others`."""
    has_outline: bool = False
    has_reason: bool = False
    has_intended_outcome: bool = False
    has_student_spoken_to: bool = False
    student_first: StudentFirst = StudentFirst()
    has_nobody_reachable: bool = False
    recipients: frozenset[tuple[str, str]] = frozenset()
    """Third parties, each with its kind."""
    words_digest: str = ""
    recorded_by: str
    recorded_at: datetime

    @property
    def tipping_off(self) -> bool:
        """Whether telling the student may be an offence, by the ground of this version."""
        chosen = ground(self.ground)
        return chosen is not None and chosen.tipping_off

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the staff member must know before going on, as codes."""
        return ("tipping_off",) if self.tipping_off else ()

    @property
    def as_trusted_contacts(self) -> frozenset[str]:
        """The recipients who are to be told as people whom the student trusts."""
        return frozenset(name for name, kind in self.recipients if kind == TRUSTED_CONTACT)

    @property
    def by_consent(self) -> bool:
        """
        Whether everybody who is to be told is somebody whom the student trusts.

        Confidentiality is what is given without consent, so such a telling breaches none (R3, R32).
        """
        return bool(self.recipients) and len(self.as_trusted_contacts) == len(self.recipients)

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
    role: StaffRole | None = None
    """What we know of them as a staff member; nothing is as good as none."""

    def may_answer(self, now: datetime) -> bool:
        """Whether they are of the Service's staff at *now*: a leaver is not asked any more."""
        return self.role is not None and self.role.of_the_service(now)

    def left(self, now: datetime) -> bool:
        """Whether somebody else has to be asked, since they have not answered and no longer may."""
        return self.answered_at is None and not self.may_answer(now)


@attrs.frozen
class Decided:
    """The decision to breach confidentiality."""

    by: str
    at: datetime
    ledger_index: int
    emergency: bool = False
    """Whether it was made without a colleague's advice, because nobody could be reached."""
    by_consent: bool = False
    """Whether all who were to be told are trusted contacts, by consents that stood then."""

    @property
    def review_due_at(self) -> datetime | None:
        """Until when a colleague is to review it; None if one advised before."""
        return self.at + REVIEW_WITHIN if self.emergency else None


@attrs.frozen
class Reviewed:
    """What a colleague found, after a decision without advice."""

    by: str
    at: datetime
    against: bool
    ledger_index: int


@attrs.frozen
class Breach:
    """A breach of confidentiality, as far as its procedure got."""

    facts: BreachFacts
    involved: str
    """The staff member who began it: theirs is the final decision (R37)."""
    advice: tuple[Advice, ...] = ()
    decided: Decided | None = None
    reviewed: Reviewed | None = None
    embargoed: bool = False
    """Whether its lines are hidden from the student, and nobody has lifted that."""

    @property
    def awaits_review(self) -> bool:
        """Whether it was decided in an emergency, and no colleague has looked at it since."""
        return self.decided is not None and self.decided.emergency and self.reviewed is None

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
