"""Cases, and the last involvement of the students they are for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.cases import Case
from services.cases.domain.states import CaseState
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem
from services.cases.storage.tables import (
    access_requests,
    cases,
    enquiries,
    involvements,
    notes,
)

_SEES_ALL = sa.text("(select cardinality(hidden_ids()) = 0)")
_others = cases.alias("others")
_CONTACTS = sa.union_all(
    sa.select(_others.c.student, _others.c.first_contact.label("day")),
    sa.select(_others.c.student, notes.c.contact_date).join(notes, notes.c.case_id == _others.c.id),
    sa.select(_others.c.student, enquiries.c.contact_date).join(
        enquiries, enquiries.c.case_id == _others.c.id
    ),
    sa.select(
        sa.literal("students/") + sa.cast(access_requests.c.student_id, sa.Text),
        access_requests.c.received_on,
    ),
).subquery("contacts_seen")
_LAST_INVOLVEMENT = sa.case(
    (_SEES_ALL, involvements.c.last_day),
    else_=sa.select(sa.func.max(_CONTACTS.c.day))
    .where(_CONTACTS.c.student == cases.c.student)
    .scalar_subquery(),
)
"""
Who has walls is shown the last of the contacts that they may know of: the true day, which is one
for the person, would tell that there is another case (R10).
"""

_COLUMNS = (
    cases.c.id,
    cases.c.student,
    cases.c.adviser,
    cases.c.state,
    cases.c.first_contact,
    _LAST_INVOLVEMENT.label("last_involvement"),
    cases.c.version,
)
_SELECT = sa.select(*_COLUMNS).join(involvements, involvements.c.student == cases.c.student)


@attrs.frozen
class Cases:
    """The store of cases."""

    connection: sa.Connection

    def add(self, case: Case, topic: SealedItem, created_at: datetime) -> bool:
        """Keep a new case; False if it is there already, by an earlier try of the same request."""
        added = self.connection.execute(
            insert(cases)
            .values(
                id=case.id,
                student=case.student,
                adviser=case.adviser,
                state=case.state,
                first_contact=case.first_contact,
                version=case.version,
                created_at=created_at,
                topic_wrapped_key=topic.wrapped_key,
                topic_sealed=topic.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(cases.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Case | None:
        """Give one case."""
        row = self.connection.execute(_SELECT.where(cases.c.id == id_)).mappings().one_or_none()
        return _case(row) if row else None

    def hold(self, id_: str | None) -> Case | None:
        """Give one case and keep everybody else from changing it until this work ends."""
        query = _SELECT.where(cases.c.id == id_).with_for_update(of=cases)
        row = self.connection.execute(query).mappings().one_or_none()
        return _case(row) if row else None

    def page(
        self,
        size: int,
        last: tuple[date, str] | None,
        student: str = "",
        due_until: date | None = None,
    ) -> Sequence[Case]:
        """
        Give a page of cases, newest involvement first.

        Args:
            size: how many.
            last: the last involvement and the id of the last case of the page before.
            student: only this student's, if given.
            due_until: only those not yet disposed of with the last involvement by that day.
        """
        query = _SELECT.order_by(_LAST_INVOLVEMENT.desc(), cases.c.id.desc()).limit(size)
        if last is not None:
            query = query.where(after(_LAST_INVOLVEMENT, cases.c.id, last))
        if student:
            query = query.where(cases.c.student == student)
        if due_until is not None:
            kept = cases.c.state.in_([CaseState.OPEN, CaseState.CLOSED])
            query = query.where(due_until >= _LAST_INVOLVEMENT, kept)
        return [_case(row) for row in self.connection.execute(query).mappings()]

    def close(self, id_: str, outcome: SealedItem) -> None:
        """Close a case with its sealed outcome."""
        self._change(
            id_,
            state=CaseState.CLOSED,
            outcome_wrapped_key=outcome.wrapped_key,
            outcome_sealed=outcome.ciphertexts[WORDS],
        )

    def disposal_due(self, id_: str) -> None:
        """Mark that the case's disposal is authorised."""
        self._change(id_, state=CaseState.DISPOSAL_DUE)

    def involve(self, student: str, day: date) -> None:
        """Move the student's last involvement to *day*, never back; it is held until commit."""
        latest = sa.func.greatest(involvements.c.last_day, day)
        self.connection.execute(
            insert(involvements)
            .values(student=student, last_day=day)
            .on_conflict_do_update(index_elements=["student"], set_={"last_day": latest})
        )

    def hold_involvement(self, student: str) -> date:
        """Give the student's last involvement, and keep it from moving until this work ends."""
        query = sa.select(involvements.c.last_day).where(involvements.c.student == student)
        day: date = self.connection.execute(query.with_for_update()).scalar_one()
        return day

    def _change(self, id_: str, **values: object) -> None:
        self.connection.execute(
            sa.update(cases).where(cases.c.id == id_).values(version=cases.c.version + 1, **values)
        )


def _case(row: sa.RowMapping) -> Case:
    values = dict(row)
    return Case(**{**values, "state": CaseState(values["state"])})
