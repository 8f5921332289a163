"""
The grounds for breaching confidentiality: the policy's words, and the law of today beside them.

Data with dates, not code, because law changes; and not legal advice. The policy still names the
Drug Trafficking Act 1994, which the Proceeds of Crime Act 2002 replaced: its ground is kept as a
superseded one, so that the policy's words lead to the law of today (R25, R34).

What is said of a statute beside its entry was read on legislation.gov.uk in November 2026, in the
stored versions that are named there; what was not read is named too. docs/policy.md has both.
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
        # is a defence (s.19(4)); not for what came to somebody in the regulated sector (s.19(1A)).
        # Read as at 31 January 2017, and at 25 July 2007: employment outside a trade, profession
        # or business, as in a union, was made plain on 16 February 2009. Section 39 makes telling
        # the student an offence: read, and it names sections 19 to 21B and 38B. In force since 19
        # February 2001 (S.I. 2001/421, art. 2: all that was not in force before, but section 100).
        name="grounds/terrorism-act-2000-s19",
        policy_words=_TERRORISM,
        statute="Terrorism Act 2000, section 19",
        effect="mandatory",
        recipient_kinds=frozenset({"police"}),
        tipping_off=True,
        valid_from=date(2001, 2, 19),
    ),
    Ground(
        # Information of material assistance in preventing an act of terrorism; to a constable, in
        # England and Wales. Read, with section 39, as at 22 December 2017. Not read: from when it
        # is in force; section 120 of the Act of 2001, in the same Part as section 117, which put
        # it there, is since 14 December 2001.
        name="grounds/terrorism-act-2000-s38b",
        policy_words=_TERRORISM,
        statute="Terrorism Act 2000, section 38B",
        effect="mandatory",
        recipient_kinds=frozenset({"police"}),
        tipping_off=True,
        valid_from=date(2001, 12, 14),
    ),
    Ground(
        # An authorised disclosure (s.338, read as at 25 November 2019: to a constable, a customs
        # officer or a nominated officer) is a defence to ss.327-329. Only the regulated sector
        # must disclose (ss.330-332), and an advice service is probably outside it. Its own
        # tipping-off (s.333A, since 26 December 2007) binds that sector only; section 342
        # (prejudicing an investigation), read, binds everybody else. Customs officers are no
        # recipient here: narrower than the law. What criminal property is (s.340(2) to (9))
        # was read as enacted: whose conduct it came from, and when, is immaterial. Not read:
        # s.340(13), that a constable may be an officer of the National Crime Agency. In force
        # since 24 February 2003 (S.I. 2003/120).
        name="grounds/poca-2002",
        policy_words=_LAUNDERING,
        statute="Proceeds of Crime Act 2002, sections 327 to 329 and 338",
        effect="defence_only",
        recipient_kinds=frozenset({"police", "national_crime_agency"}),
        tipping_off=True,
        valid_from=date(2003, 2, 24),
    ),
    Ground(
        # Failing to tell a constable of knowledge or suspicion of drug money laundering, from
        # trade, profession, business or employment; section 53 was its tipping-off. In force from
        # 3 February 1995 (s.69(2)); sections 49 to 54 repealed from 24 February 2003 (Proceeds of
        # Crime Act 2002, Sch. 11 para. 25 and Sch. 12), when ss.330-332 took the place of section
        # 52 (S.I. 2003/120, art. 2; by art. 4 not for what had come to somebody before). Read: the
        # annotations to the Act as at 18 April 2005, that order, and section 26B of the Act of
        # 1986, which became section 52. Not read: the words of sections 52 and 53 themselves.
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
