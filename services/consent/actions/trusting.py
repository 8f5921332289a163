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

    To be called before the breach is locked: it shares the records that these consents are about,
    since a wall around one of them, or its disposal, hides the consent too.
    """
    if not record.student:
        return []
    found = work.consents.trusted_contacts_of(record.student)
    records = {each.asked.record for each in found}
    usable = {name for name in sorted(records) if _may_know(who, record, work.records.load(name))}
    return [each for each in found if each.asked.record in usable]


def locked(work: Work, named: Iterable[Consent], breach: Breach | None) -> list[Consent]:
    """
    Give them as they are under the lock that a withdrawal takes, until this transaction ends.

    None under another ground than a serious and imminent risk: the student agreed to no more.
    """
    chosen = ground(breach.facts.ground) if breach else None
    if chosen is None or not chosen.asks_for_risk:
        return []
    names = {each.asked.consent: each.asked.disclosure for each in named}
    for disclosure in sorted(set(names.values())):
        work.locks.share(disclosure)
    return [found for name in sorted(names) if (found := work.consents.find(name))]


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
