"""What is to be done by a day, in PostgreSQL, and of what somebody was reminded already."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from common.reminders import Reminder
from services.consent.domain.tasks import Kind, Task
from services.consent.storage.counts import BreachCounts
from services.consent.storage.embargoes import Embargoes
from services.consent.storage.name_requests import NameRequestCounts
from services.consent.storage.tables import reminders


@attrs.frozen
class Tasks:
    """What waits for somebody of the staff, all kinds together."""

    connection: Connection

    def waiting(self) -> list[Task]:
        """Give all that nobody has done."""
        reviews = BreachCounts(self.connection).awaiting_review()
        names = NameRequestCounts(self.connection).undecided()
        return [
            *(Task.review(each.breach, each.at) for each in reviews),
            *(Task.look_at(each) for each in Embargoes(self.connection).all_standing()),
            *(Task(Kind.NAME, *each) for each in names),
        ]

    def note_reminder(self, task: Task, which: Reminder, now: datetime) -> bool:
        """Note that somebody is reminded; False if they were, of the same."""
        added = self.connection.execute(
            insert(reminders)
            .values(
                kind=task.kind, about=task.about, due_at=task.due_at, which=which, reminded_at=now
            )
            .on_conflict_do_nothing()
            .returning(reminders.c.about)
        )
        return added.one_or_none() is not None
