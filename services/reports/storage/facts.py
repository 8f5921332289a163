"""The sealed facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.reports.domain.years import Period
from services.reports.storage.tables import case_facts, disposed_records, student_facts


@attrs.frozen
class SealedFacts:
    """Facts as they came: sealed by Vault under the key of a cohort."""

    cohort: int
    sealed: str
    pseudonym: str
    record: str = ""
    """Empty for the facts of a student."""


@attrs.frozen
class Facts:
    """The store of facts."""

    connection: sa.Connection

    def add_of_record(self, facts: SealedFacts) -> None:
        """Keep facts of a case or an enquiry, after what is there; none of a disposed record."""
        self._one_at_a_time(facts.record)
        gone = sa.select(disposed_records.c.record).where(disposed_records.c.record == facts.record)
        if self.connection.execute(gone).one_or_none() is None:
            # Inline: to return the new position would take a right to read it.
            self.connection.execute(sa.insert(case_facts).values(attrs.asdict(facts)).inline())

    def put_of_student(self, facts: SealedFacts) -> None:
        """Keep facts of a student, in place of earlier ones."""
        values = {"cohort": facts.cohort, "sealed": facts.sealed}
        self.connection.execute(
            insert(student_facts)
            .values(pseudonym=facts.pseudonym, **values)
            .on_conflict_do_update(index_elements=["pseudonym"], set_=values)
        )

    def delete_record(self, record: str) -> None:
        """
        Delete all facts of *record*, for good, and of a student who has no other record here.

        What is frozen stays: counting again would show what has changed.
        """
        self._one_at_a_time(record)
        self.connection.execute(
            insert(disposed_records).values(record=record).on_conflict_do_nothing()
        )
        people = set(
            self.connection.execute(
                sa.delete(case_facts)
                .where(case_facts.c.record == record)
                .returning(case_facts.c.pseudonym)
            ).scalars()
        )
        left = sa.select(case_facts.c.pseudonym).where(
            case_facts.c.pseudonym == student_facts.c.pseudonym
        )
        self.connection.execute(
            sa.delete(student_facts).where(student_facts.c.pseudonym.in_(people), ~left.exists())
        )

    def of_records(self, period: Period) -> Sequence[SealedFacts]:
        """Give the facts of the cases and enquiries of these years, in the order they came."""
        columns = case_facts.c
        query = (
            sa.select(columns.cohort, columns.sealed, columns.pseudonym, columns.record)
            .where(columns.cohort.between(period.first, period.last))
            .order_by(columns.position)
        )
        return [SealedFacts(*row) for row in self.connection.execute(query)]

    def of_students(self, pseudonyms: Collection[str]) -> Sequence[SealedFacts]:
        """Give the facts of these students."""
        columns = student_facts.c
        query = sa.select(columns.cohort, columns.sealed, columns.pseudonym).where(
            columns.pseudonym == sa.any_(sa.literal(list(pseudonyms), ARRAY(sa.Text)))
        )
        return [SealedFacts(*row) for row in self.connection.execute(query)]

    def _one_at_a_time(self, record: str) -> None:
        """Wait for another event about the same record, until the end of its transaction."""
        self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(record))))
