"""Access requests and their log: only added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID, insert

from services.cases.domain.access_copies import AccessCopy
from services.cases.domain.access_requests import (
    AccessRequest,
    Event,
    Happening,
    Manner,
    Standing,
)
from services.cases.domain.names import id_of, name_of
from services.cases.storage.tables import access_request_events, access_requests

_LEFT = sa.table(
    "access_left",
    sa.column("request_id", UUID(as_uuid=False)),
    sa.column("item", sa.Text),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
"""A view: what was there when a request came in, and is in no copy that is out."""

_c, _e = access_requests.c, access_request_events.c
_SELECT = sa.select(_c.id, _c.student_id, _c.received_on, _c.manner, _c.author, _c.created_at)
_CLOSED = sa.exists().where(_e.request_id == _c.id, _e.happening == Happening.CLOSED)
_ANY_COPY_OUT = sa.exists().where(_e.request_id == _c.id, _e.happening == Happening.COPY_RELEASED)
_ANYTHING_LEFT = sa.exists().where(_LEFT.c.request_id == _c.id)


@attrs.frozen
class AccessRequests:
    """The store of access requests. What is behind the caller's walls is not in it."""

    connection: sa.Connection

    def add(self, request: AccessRequest) -> bool:
        """Keep a new request; False if it is there already, by an earlier try."""
        row = attrs.asdict(request) | {"student_id": id_of(request.student, "students")}
        del row["student"]
        added = self.connection.execute(
            insert(access_requests).values(row).on_conflict_do_nothing().returning(_c.id)
        )
        return added.one_or_none() is not None

    def hold(self, id_: str | None) -> Standing | None:
        """Give a request, and keep others from adding to it until this work ends."""
        locked = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"{id_}", 0))
        self.connection.execute(sa.select(locked))
        return self.find(id_)

    def find(self, id_: str | None) -> Standing | None:
        """Give a request as it stands."""
        row = self.connection.execute(_SELECT.where(_c.id == id_)).mappings().one_or_none()
        return self._standing(row) if row else None

    def of_student(self, student: str) -> list[Standing]:
        """Give a student's own requests, the newest first."""
        query = _SELECT.where(_c.student_id == id_of(student, "students"))
        rows = self.connection.execute(query.order_by(_c.created_at.desc(), _c.id)).mappings().all()
        return [self._standing(row) for row in rows]

    def open_page(self, size: int, last: tuple[date, str] | None) -> Sequence[Standing]:
        """Give a page of the requests about which something is to be done, the oldest first."""
        query = (
            _SELECT.where(~_CLOSED, ~_ANY_COPY_OUT | _ANYTHING_LEFT)
            .order_by(_c.received_on, _c.id)
            .limit(size)
        )
        if last is not None:
            day, id_ = last
            query = query.where(
                sa.tuple_(_c.received_on, _c.id) > sa.tuple_(sa.literal(day), sa.cast(id_, UUID))
            )
        return [self._standing(row) for row in self.connection.execute(query).mappings().all()]

    def happened(
        self, request: str, event: Event, author: str, copy: AccessCopy | None = None
    ) -> None:
        """Add a line to the log of a request, by its name."""
        self.connection.execute(
            sa.insert(access_request_events).values(
                request_id=id_of(request, "accessRequests"),
                case_id=copy.case_id if copy else None,
                copy_id=copy.id if copy else None,
                happening=event.happening,
                at=event.at,
                day=event.day,
                author=author,
                reason=event.reason,
            )
        )

    def _standing(self, row: sa.RowMapping) -> Standing:
        request = AccessRequest(
            id=row["id"],
            student=name_of("students", row["student_id"]),
            received_on=row["received_on"],
            manner=Manner(row["manner"]),
            author=row["author"],
            created_at=row["created_at"],
        )
        lines = self.connection.execute(
            sa.select(_e.happening, _e.at, _e.day, _e.reason, _e.copy_id)
            .where(_e.request_id == row["id"])
            .order_by(_e.position)
        )
        events = [
            Event(
                Happening(line.happening),
                line.at,
                line.day,
                line.reason,
                name_of("accessCopies", line.copy_id) if line.copy_id else "",
            )
            for line in lines
        ]
        left = (
            sa.select(_LEFT.c["item"])
            .where(_LEFT.c.request_id == row["id"])
            .order_by(_LEFT.c.created_at, _LEFT.c["item"])
        )
        return Standing(request, events, self.connection.scalars(left).all())
