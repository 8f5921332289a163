"""What the worker does with events of the other services: keep sealed facts, and delete them."""

from __future__ import annotations

from services.reports.storage.facts import SealedFacts
from services.reports.storage.work import Stores


def keep_facts_of_record(
    work: Stores, *, record: str, pseudonym: str, cohort: int, sealed: str
) -> None:
    """Keep the sealed facts of a case or an enquiry, unless its record was disposed of."""
    work.facts.add_of_record(SealedFacts(cohort, sealed, pseudonym, record))


def keep_facts_of_student(work: Stores, *, pseudonym: str, cohort: int, sealed: str) -> None:
    """Keep the newest sealed facts of a student."""
    work.facts.put_of_student(SealedFacts(cohort, sealed, pseudonym))


def forget_record(work: Stores, record: str) -> None:
    """Delete the facts of a record that was disposed of."""
    work.facts.delete_record(record)
