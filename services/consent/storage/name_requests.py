"""Requests for the name behind a line in PostgreSQL: who asked, what was said, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, Select, func, insert, select

from services.consent.domain.embargo import Visibility
from services.consent.domain.name_requests import AccessLine, NameDecision, NameRequest, View
from services.consent.storage.tables import entries, name_decisions, name_requests, name_views


@attrs.frozen
class NewNameRequest:
    """What is kept of a request when it is made."""

    name: str
    record: str
    line: str
    """The id of the line's entry."""
    student: str
    asked_at: datetime
    due_at: datetime
    words_digest: str
    ledger_index: int


@attrs.frozen
class NameRequests:
    """The tables of requests for names."""

    connection: Connection

    def add(self, made: NewNameRequest) -> None:
        """Keep a new request."""
        row = attrs.asdict(made)
        row["name_request"] = row.pop("name")
        self.connection.execute(insert(name_requests).values(row))

    def find(self, name: str, visibilities: Iterable[Visibility] = ()) -> NameRequest | None:
        """
        Give one request.

        Args:
            name: its resource name.
            visibilities: of the student's breaches; a line about one of those hidden is hidden.
        """
        row = self.connection.execute(
            _requests().where(name_requests.c.name_request == name)
        ).one_or_none()
        return None if row is None else _request(row, _hidden(visibilities))

    def student_of(self, name: str) -> str:
        """Give whose request it is; empty if there is none."""
        query = select(name_requests.c.student).where(name_requests.c.name_request == name)
        return self.connection.scalar(query) or ""

    def stands(self, line: str) -> bool:
        """Whether the name behind a line is asked for, and not withheld."""
        c = name_requests.c
        withheld = select(name_decisions.c.name_request).where(~name_decisions.c.released)
        query = select(func.count()).where(c.line == line, c.name_request.not_in(withheld))
        return bool(self.connection.scalar(query))

    def of_student(self, student: str, visibilities: Iterable[Visibility]) -> list[NameRequest]:
        """Give a student's requests, the newest first, without those about what is hidden."""
        query = (
            _requests()
            .where(
                name_requests.c.student == student,
                entries.c.breach.not_in(_hidden(visibilities)),
            )
            .order_by(name_requests.c.asked_at.desc(), name_requests.c.name_request)
        )
        return [_request(row, ()) for row in self.connection.execute(query)]

    def undecided(self) -> list[tuple[str, str]]:
        """Give the requests that wait, with their records; the one due first before the others."""
        c = name_requests.c
        query = (
            select(c.name_request, c.record)
            .where(c.name_request.not_in(select(name_decisions.c.name_request)))
            .order_by(c.due_at, c.name_request)
        )
        return [(name, record) for name, record in self.connection.execute(query)]

    def note_view(
        self, name: str, view: View, *, about: str, words_digest: str, ledger_index: int
    ) -> None:
        """Keep what the staff member said."""
        self.connection.execute(
            insert(name_views).values(
                name_request=name,
                view=view.code,
                about=about,
                given_at=view.given_at,
                words_digest=words_digest,
                ledger_index=ledger_index,
            )
        )

    def said(self, about: str) -> bool:
        """Whether this view is kept already, from an earlier try of the call."""
        query = select(name_views.c.position).where(name_views.c.about == about)
        return self.connection.scalar(query) is not None

    def decide(self, name: str, decision: NameDecision, *, about: str, words_digest: str) -> None:
        """Keep the decision; there is only one."""
        self.connection.execute(
            insert(name_decisions).values(
                name_request=name,
                released=decision.released,
                grounds=sorted(decision.grounds),
                not_heard=decision.not_heard,
                about=about,
                decided_by=decision.by,
                decided_at=decision.at,
                words_digest=words_digest,
                ledger_index=decision.ledger_index,
            )
        )

    def decided(self, about: str) -> bool:
        """Whether this decision is kept already, from an earlier try of the call."""
        query = select(name_decisions.c.name_request).where(name_decisions.c.about == about)
        return self.connection.scalar(query) is not None


@attrs.frozen
class NameRequestCounts:
    """What `work` may see of requests: which wait until when, and whose name it is."""

    connection: Connection

    def overdue(self, now: datetime) -> int:
        """Count the requests that should have been answered by *now*."""
        c = name_requests.c
        query = select(func.count(c.name_request)).where(
            c.due_at <= now, c.name_request.not_in(select(name_decisions.c.name_request))
        )
        return self.connection.scalar(query) or 0

    def undecided(self) -> list[tuple[str, datetime, datetime, str]]:
        """Give those that wait: when each was made, until when, and whose name it is."""
        c = name_requests.c
        query = (
            select(c.name_request, c.asked_at, c.due_at, entries.c.actor)
            .join(entries, entries.c.entry_id == c.line)
            .where(c.name_request.not_in(select(name_decisions.c.name_request)))
        )
        return [
            (name, asked_at, due_at, named)
            for name, asked_at, due_at, named in self.connection.execute(query)
        ]


def _requests() -> Select[Any]:
    """Ask for requests with their lines, what was said last, and the decision."""
    views = name_views.alias()
    last = (
        select(func.max(views.c.position))
        .where(views.c.name_request == name_requests.c.name_request)
        .scalar_subquery()
    )
    line, decided = entries.c, name_decisions.c
    return (
        select(
            name_requests,
            line.record.label("line_record"),
            line.breach,
            line.actor,
            line.at.label("line_at"),
            line.role,
            line.action,
            line.purpose,
            name_views.c.view,
            name_views.c.given_at,
            decided.released,
            decided.grounds,
            decided.not_heard,
            decided.decided_by,
            decided.decided_at,
            decided.ledger_index.label("decided_index"),
        )
        .join(entries, line.entry_id == name_requests.c.line)
        .outerjoin(name_views, name_views.c.position == last)
        .outerjoin(name_decisions, decided.name_request == name_requests.c.name_request)
    )


def _hidden(visibilities: Iterable[Visibility]) -> Sequence[str]:
    return [each.breach for each in visibilities if each.hidden]


def _request(row: Row[Any], hidden: Sequence[str]) -> NameRequest:
    decision = None
    if row.decided_at is not None:
        decision = NameDecision(
            row.released,
            frozenset(row.grounds),
            row.not_heard,
            row.decided_by,
            row.decided_at,
            row.decided_index,
        )
    return NameRequest(
        name=row.name_request,
        student=row.student,
        line=AccessLine(
            f"accesses/{row.line}",
            row.line_record,
            row.breach,
            row.actor,
            row.line_at,
            row.role,
            row.action,
            row.purpose,
        ),
        asked_at=row.asked_at,
        due_at=row.due_at,
        view=View(row.view, row.given_at) if row.view is not None else None,
        decision=decision,
        hidden=row.breach in hidden,
    )
