"""
What is weighed when a student asks which staff member a line of their list is about (R24).

Data with sources, not legal advice. The Court of Justice (C-579/21 Pankki S, 22 June 2023; in the
United Kingdom persuasive, not binding) reads article 15 GDPR so: when and why a record was looked
at, yes; which employee it was, only if that is essential for the person to exercise their rights
effectively, and the employees' rights and freedoms are taken into account. The Data Protection Act
2018, Schedule 2, paragraph 16, asks the same of what identifies another individual.
"""

from __future__ import annotations

import attrs

RELEASE = "release"
WITHHOLD = "withhold"

STAFF_MEMBER_AGREES = "staff_member_agrees"
"""The one ground that only the staff member can give."""


@attrs.frozen(kw_only=True)
class NameGround:
    """One thing that weighs, for or against."""

    code: str
    answer: str
    """For which answer: `release` or `withhold`."""
    words: str
    """In plain words, for the student too."""
    source: str


NAME_GROUNDS: tuple[NameGround, ...] = (
    NameGround(
        code="essential_for_rights",
        answer=RELEASE,
        words="You need the name to exercise a right that data protection law gives you.",
        source="UK GDPR, article 15(1); CJEU C-579/21 Pankki S, operative part 2",
    ),
    NameGround(
        # Who acts on the Service's instructions is no recipient (article 29); who does not, is one.
        code="outside_instructions",
        answer=RELEASE,
        words="Your record was opened outside of the Service's instructions.",
        source="UK GDPR, articles 15(1)(c) and 29; CJEU C-579/21 Pankki S",
    ),
    NameGround(
        code=STAFF_MEMBER_AGREES,
        answer=RELEASE,
        words="The staff member agrees to your knowing their name.",
        source="Data Protection Act 2018, Schedule 2, paragraph 16(2)(a)",
    ),
    NameGround(
        code="known_to_the_student",
        answer=RELEASE,
        words="You know already who it was.",
        source="Data Protection Act 2018, Schedule 2, paragraph 16(2)(b) and (3)(a)",
    ),
    NameGround(
        code="list_is_enough",
        answer=WITHHOLD,
        words="Date, role and purpose let you check that your record was opened lawfully.",
        source="UK GDPR, article 15(1); CJEU C-579/21 Pankki S, operative part 2",
    ),
    NameGround(
        code="risk_to_staff_member",
        answer=WITHHOLD,
        words="Being named would put the staff member at risk.",
        source="UK GDPR, article 15(4) and recital 63",
    ),
    NameGround(
        # An express refusal is one circumstance among others, and so never a veto by itself.
        code="not_reasonable_without_consent",
        answer=WITHHOLD,
        words="The staff member does not agree, and it is not reasonable to name them even so.",
        source="Data Protection Act 2018, Schedule 2, paragraph 16(2)(b) and (3)",
    ),
    NameGround(
        code="about_another_person",
        answer=WITHHOLD,
        words="The name would tell you something about another person.",
        source="UK GDPR, article 15(4); Data Protection Act 2018, Schedule 2, paragraph 16(1)",
    ),
)

_ANSWERS = {each.code: each.answer for each in NAME_GROUNDS}

REMEDIES = (
    "If you disagree, you can complain to the Service, which has to acknowledge that within 30 days"
    " (Data Protection Act 2018, section 164A); to the Information Commissioner, at"
    " ico.org.uk/make-a-complaint (section 165); and you can go to a court (section 167)."
    " You can also ask again, if there is more to say."
)
"""What article 12(4) UK GDPR wants told with a no."""


def speaking_for(answer: str, codes: frozenset[str]) -> tuple[NameGround, ...]:
    """Give those of the grounds with these codes that speak for an answer."""
    return tuple(each for each in NAME_GROUNDS if each.code in codes and each.answer == answer)


def sides(codes: frozenset[str]) -> dict[str, str]:
    """Give for each of these grounds the answer that it speaks for."""
    return {code: _ANSWERS[code] for code in sorted(codes)}
