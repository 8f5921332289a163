"""
Whom a student has agreed that we turn to under ground i, as the procedure for it looks at it (R33).

The consent leaves the procedure as it is: the text that the student agreed to says that we turn to
this person only if a staff member has decided so, as the policy sets out for such a risk. But what
is told by consent breaches no confidentiality, and is written down as that.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.consent.domain.breach import Breach
from services.consent.domain.consent import Consent
from services.consent.domain.facts import Record, Who
from services.consent.domain.grounds import ground
from services.consent.storage.work import Work


def named_by_student(work: Work, who: Who, record: Record) -> list[Consent]:
    """
    Give what the student of *record* was asked about people to turn to, and *who* may know of.

    A wall around the record that one of these consents is about, or its disposal, hides it.
    """
    if not record.student:
        return []
    found = work.consents.trusted_contacts_of(record.student)
    records = {each.asked.record for each in found}
    usable = {name for name in sorted(records) if _may_know(who, record, work.records.find(name))}
    return [each for each in found if each.asked.record in usable]


def under_this_ground(named: Iterable[Consent], breach: Breach | None) -> list[Consent]:
    """Give them if it is a serious and imminent risk: to no other ground the student agreed."""
    chosen = ground(breach.facts.ground) if breach else None
    return list(named) if chosen is not None and chosen.asks_for_risk else []


def recipients_of(standing: Iterable[Consent]) -> frozenset[str]:
    """Give the third parties whom these consents name."""
    return frozenset(each.asked.recipient for each in standing)


def _may_know(who: Who, breach: Record, named_in: Record) -> bool:
    """
    Whether it was named in a record that is there for *who*.

    What stands around the breach's own case stands around the breach, and has been asked about: a
    wall of somebody else's making takes neither out of the hands of whoever is involved (R37).
    """
    of_this_case = named_in.name == breach.parent
    return named_in.disposed_at is None and (of_this_case or not named_in.walls_off(who.name))
