"""Students, their sealed registration forms, and the HMACs by which they are found."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.identity.domain.records import Sealed
from services.identity.domain.students import Student
from services.identity.storage.tables import (
    crsids,
    registration_forms,
    student_accounts,
    students,
)


@attrs.frozen
class CrsidIndex:
    """A CRSid as an HMAC, under the key of one cohort."""

    cohort: int
    hmac: bytes


@attrs.frozen
class Students:
    """The store of students."""

    connection: sa.Connection

    def add(self, student: Student) -> None:
        """Keep a new student."""
        self.connection.execute(sa.insert(students).values(**attrs.asdict(student)))

    def find(self, id_: str) -> Student | None:
        """Return one student, if there is such a one."""
        row = self.connection.execute(sa.select(students).where(students.c.id == id_)).one_or_none()
        return Student(**row._mapping) if row else None

    def change(self, seen: Student, registration_state: str) -> Student | None:
        """Move the student on from the version *seen*; None if somebody else was faster."""
        row = self.connection.execute(
            sa.update(students)
            .where(students.c.id == seen.id, students.c.version == seen.version)
            .values(registration_state=registration_state, version=seen.version + 1)
            .returning(*students.c)
        ).one_or_none()
        return Student(**row._mapping) if row else None

    def form(self, id_: str) -> Sealed | None:
        """Return the sealed registration form, if there is one."""
        row = self.connection.execute(
            sa.select(
                registration_forms.c.wrapped_key,
                registration_forms.c.sealed,
                registration_forms.c.version,
            ).where(registration_forms.c.student_id == id_)
        ).one_or_none()
        return Sealed(*row) if row else None

    def keep_form(self, id_: str, form: Sealed) -> None:
        """Keep the sealed registration form in place of the earlier one."""
        values = attrs.asdict(form)
        self.connection.execute(
            insert(registration_forms)
            .values(student_id=id_, **values)
            .on_conflict_do_update(index_elements=["student_id"], set_=values)
        )

    def index_crsid(self, id_: str, index: CrsidIndex | None) -> None:
        """Let the student be found by this CRSid and no other; None: by none."""
        self.connection.execute(sa.delete(crsids).where(crsids.c.student_id == id_))
        if index is not None:
            self.connection.execute(
                sa.insert(crsids).values(student_id=id_, cohort=index.cohort, crsid_hmac=index.hmac)
            )

    def by_crsid(self, hmacs: Sequence[bytes]) -> Student | None:
        """Find the student with one of these CRSid HMACs; of several the one known longest."""
        return next(iter(self.all_by_crsid(hmacs)), None)

    def all_by_crsid(self, hmacs: Sequence[bytes]) -> Sequence[Student]:
        """Find the students with one of these CRSid HMACs, the one known longest first."""
        rows = self.connection.execute(
            sa.select(students)
            .join(crsids, crsids.c.student_id == students.c.id)
            .where(crsids.c.crsid_hmac.in_(hmacs))
            .order_by(students.c.create_time, students.c.id)
        )
        return [Student(**row._mapping) for row in rows]

    def add_account(self, id_: str, account: bytes, claimed: CrsidIndex | None) -> bool:
        """Tie an account to a student; False if either is tied already."""
        added = self.connection.execute(
            insert(student_accounts)
            .values(
                account_hmac=account,
                student_id=id_,
                claimed_crsid_hmac=claimed.hmac if claimed else None,
                claimed_cohort=claimed.cohort if claimed else None,
            )
            .on_conflict_do_nothing()
            .returning(student_accounts.c.student_id)
        )
        return added.one_or_none() is not None

    def id_of_account(self, account: bytes) -> str | None:
        """Return the id of the student with this account, if there is one."""
        return self.connection.execute(
            sa.select(student_accounts.c.student_id).where(
                student_accounts.c.account_hmac == account
            )
        ).scalar_one_or_none()

    def claimed_crsid(self, id_: str) -> CrsidIndex | None:
        """Return the CRSid that the identity provider named for the student, if it did."""
        row = self.connection.execute(
            sa.select(
                student_accounts.c.claimed_cohort, student_accounts.c.claimed_crsid_hmac
            ).where(
                student_accounts.c.student_id == id_,
                student_accounts.c.claimed_crsid_hmac.is_not(None),
            )
        ).one_or_none()
        return CrsidIndex(*row) if row else None
