"""
The grounds for breaching confidentiality: the policy's words, and the law of today beside them.

Data with dates, not code, because law changes; and not legal advice. The policy still names the
Drug Trafficking Act 1994, which the Proceeds of Crime Act 2002 replaced: its ground is kept as a
superseded one, so that the policy's words lead to the law of today (R25, R34).
"""

from __future__ import annotations

from datetime import date

import attrs

_RISK = (
    "Where there appears to be a serious and imminent risk to the student's own"
    " or to others' safety"
)
_TERRORISM = (
    "Where the law requires disclosure for the prevention and detection of terrorism"
    " (Terrorism Act 2000)"
)
_LAUNDERING = (
    "Where the law requires disclosure for the prevention and detection of money laundering"
    " (Drug Trafficking Act 1994)"
)


@attrs.frozen(kw_only=True)
class Ground:
    """One ground for breaching confidentiality."""

    name: str
    policy_words: str
    """The policy's own sentence."""
    statute: str = ""
    effect: str
    """`policy`, or what the law does: `mandatory`, `defence_only`, `permissive`."""
    recipient_kinds: frozenset[str] = frozenset()
    """To whom; empty for anybody who can help."""
    asks_for_risk: bool = False
    """Whether "serious" and "imminent" must each be answered with yes (ground i)."""
    tipping_off: bool = False
    """Whether telling the student may itself be an offence."""
    valid_from: date
    valid_until: date | None = None
    """The first day on which it no longer holds."""
    superseded_by: str = ""

    def in_force(self, today: date) -> bool:
        """Whether it may be used on *today*."""
        return self.valid_from <= today and not self.superseded(today)

    def superseded(self, today: date) -> bool:
        """Whether it was replaced by another before *today*."""
        return self.valid_until is not None and self.valid_until <= today


GROUNDS: tuple[Ground, ...] = (
    Ground(
        name="grounds/serious-imminent-risk",
        policy_words=_RISK,
        effect="policy",
        asks_for_risk=True,
        valid_from=date(2020, 6, 1),  # this policy: June 2020
    ),
    Ground(
        # Belief or suspicion of terrorist finance, from trade, profession or employment; to a
        # constable as soon as reasonably practicable. Disclosing by the employer's own procedure
        # is a defence (s.19(4)). Section 39 makes telling the student an offence.
        name="grounds/terrorism-act-2000-s19",
        policy_words=_TERRORISM,
        statute="Terrorism Act 2000, section 19",
        effect="mandatory",
        recipient_kinds=frozenset({"police"}),
        tipping_off=True,
        valid_from=date(2001, 2, 19),
    ),
    Ground(
        # Information of material assistance in preventing an act of terrorism; to a constable.
        name="grounds/terrorism-act-2000-s38b",
        policy_words=_TERRORISM,
        statute="Terrorism Act 2000, section 38B",
        effect="mandatory",
        recipient_kinds=frozenset({"police"}),
        tipping_off=True,
        valid_from=date(2001, 12, 14),
    ),
    Ground(
        # An authorised disclosure (s.338) is a defence to ss.327-329; only the regulated sector
        # must disclose, and an advice service is probably outside it. Section 342 (prejudicing an
        # investigation) binds everybody.
        name="grounds/poca-2002",
        policy_words=_LAUNDERING,
        statute="Proceeds of Crime Act 2002, sections 327 to 329 and 338",
        effect="defence_only",
        recipient_kinds=frozenset({"police", "national_crime_agency"}),
        tipping_off=True,
        valid_from=date(2003, 2, 24),
    ),
    Ground(
        # Failing to disclose knowledge or suspicion of drug money laundering; section 53 was its
        # tipping-off. Repealed by the Proceeds of Crime Act 2002.
        name="grounds/drug-trafficking-act-1994",
        policy_words=_LAUNDERING,
        statute="Drug Trafficking Act 1994, section 52",
        effect="mandatory",
        recipient_kinds=frozenset({"police"}),
        tipping_off=True,
        valid_from=date(1995, 2, 3),
        valid_until=date(2003, 2, 24),
        superseded_by="grounds/poca-2002",
    ),
)

TIPPING_OFF = frozenset(each.name for each in GROUNDS if each.tipping_off)
"""The grounds under which telling the student may itself be an offence."""


def ground(name: str) -> Ground | None:
    """Give the ground of this name, or None if the policy has none."""
    return next((each for each in GROUNDS if each.name == name), None)


def listed(today: date) -> list[Ground]:
    """Give all grounds, those in force first."""
    return sorted(GROUNDS, key=lambda each: not each.in_force(today))
