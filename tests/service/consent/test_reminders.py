"""
Staff members are reminded of what is due: shortly before, and once when it is late.

R36: a colleague reviews what was decided in an emergency. R35: somebody looks at an embargo again.
R24: a student who asks for a name is answered. Nobody behind a wall is told that anything waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs
import psycopg
import pytest
from sqlalchemy import Connection, Engine, text

from common.db import Database, transaction
from services.consent.actions import reminding
from services.consent.domain.facts import Who
from services.consent.policies import questions
from tests.kit.house import Person
from tests.service.consent.breaching import Breach
from tests.service.consent.house import House, in_days, staff
from tests.service.consent.naming import Asked

LONG_AFTER = 400.0
"""In days: all that other tests left waiting is late by then."""


@attrs.frozen
class Worker:
    """The worker of consent, with its own rights on the database, at any hour."""

    engine: Engine
    told: list[str] = attrs.field(factory=list)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a transaction, and read what it tells before it ends."""
        with transaction(self.engine) as connection:
            last = connection.scalar(text("select coalesce(max(position), 0) from outbox"))
            yield connection
            bodies = connection.scalars(
                text("select body from outbox where position > :last and event = :event"),
                {"last": last, "event": "sas.consent.v1.StaffAwaited"},
            )
            self.told.extend(json.loads(each)["staff_member"] for each in bodies)

    def reminds(self, now: datetime) -> list[str]:
        """Remind of what is due, and give whom."""
        self.told.clear()
        reminding.remind(self.begin, now)
        return list(self.told)


@pytest.fixture
def worker(sas: House) -> Iterator[Worker]:
    """Give a worker that has reminded of all that others have left."""
    database = Database(sas.settings("consent-work"), sas.vault("consent-work"))
    found = Worker(database.engine)
    for days in (0.9, 24, 56, LONG_AFTER):  # shortly before a day, one month and two; and late
        found.reminds(in_days(days))
    yield found
    database.close()


def known(sas: House, role: str = "adviser") -> Person:
    """Make up a staff member of whom consent was told, for longer than any test looks ahead."""
    person = staff(role)
    sas.knows(person, role, in_days(2 * LONG_AFTER))
    return person


def test_of_a_review_everybody_is_reminded_who_may_review_it(
    sas: House, worker: Worker, breach: Breach
) -> None:
    """R36: within 24 hours, so with six of them left, and when they are over; each time once."""
    sas.knows(breach.ada)
    bob, trustee, walled = known(sas), known(sas, "trustee"), known(sas)
    gone = staff()
    sas.knows(gone, until=in_days(0.1))
    breach.case.walled(walled)
    breach.decided_in_an_emergency()
    assert worker.reminds(in_days(0.7)) == []
    for days in (0.8, 1.1):
        told = worker.reminds(in_days(days))
        assert told.count(bob.name) == 1
        for nobody in (breach.ada, trustee, walled, gone):
            assert nobody.name not in told
        assert worker.reminds(in_days(days + 0.05)) == []


def test_of_what_is_done_nobody_is_reminded(sas: House, worker: Worker, breach: Breach) -> None:
    bob = known(sas)
    breach.decided_in_an_emergency()
    breach.reviewed(bob)
    assert worker.reminds(in_days(1.1)) == []


def test_a_wall_that_went_up_since_counts(sas: House, worker: Worker, breach: Breach) -> None:
    """R10: also for whoever was told before that it waits."""
    bob, lea = known(sas), known(sas)
    breach.decided_in_an_emergency()
    assert {bob.name, lea.name} <= set(worker.reminds(in_days(0.8)))
    breach.case.walled(bob)
    told = worker.reminds(in_days(1.1))
    assert bob.name not in told
    assert lea.name in told


def test_an_embargo_is_looked_at_again_by_those_who_may(
    sas: House, worker: Worker, breach: Breach
) -> None:
    """R35: after 30 days, and again 30 days after each look."""
    sas.knows(breach.ada, until=in_days(2 * LONG_AFTER))
    manager, bob, walled = known(sas, "manager"), known(sas), known(sas, "manager")
    breach.case.walled(walled)
    breach.under_38b()
    assert worker.reminds(in_days(22)) == []
    for days in (23, 31):
        told = worker.reminds(in_days(days))
        assert {breach.ada.name, manager.name} <= set(told)
        assert not {bob.name, walled.name} & set(told)
        assert worker.reminds(in_days(days + 1)) == []
    sas.sql(
        "insert into embargo_reviews (breach, reviewed_by, reviewed_at, ledger_index)"
        " values (%s, %s, %s, 0)",
        breach.name,
        manager.name,
        in_days(33),
    )
    assert worker.reminds(in_days(50)) == []
    assert manager.name in worker.reminds(in_days(57))
    breach.lifted()
    assert worker.reminds(in_days(64)) == []


def test_whose_name_is_asked_for_is_not_reminded_to_decide(sas: House, worker: Worker) -> None:
    """R24: managers are, but for the one whose name it is, and those behind a wall."""
    asked = Asked.made_about(sas)
    sas.knows(asked.ada, "manager", in_days(2 * LONG_AFTER))
    manager, bob, walled = known(sas, "manager"), known(sas), known(sas, "manager")
    asked.case.walled(walled)
    assert worker.reminds(in_days(10)) == []
    for days in (28, 33):
        told = worker.reminds(in_days(days))
        assert told.count(manager.name) == 1
        assert not {asked.ada.name, bob.name, walled.name} & set(told)
        assert worker.reminds(in_days(days + 0.5)) == []


def test_whoever_is_reminded_may_do_it_by_the_policy(
    sas: House, worker: Worker, breach: Breach
) -> None:
    """And whoever is not, may not: the two are written apart, and say the same."""
    sas.knows(breach.ada)
    roles = {breach.ada.name: "adviser"}
    for role in ("adviser", "manager", "trustee", "operator"):
        roles[known(sas, role).name] = role
    for role in ("adviser", "manager"):
        behind = known(sas, role)
        roles[behind.name] = role
        breach.case.walled(behind)
    breach.under_38b()
    breach.told(kind="health", has_nobody_reachable=True)

    def may(action: str, now: datetime) -> set[str]:
        with sas.parts(lambda: now) as parts, parts.new_work() as work:
            record = work.records.find(f"records/{breach.uuid}")
            found = work.breaches.find(breach.name)
            return {
                name
                for name, role in roles.items()
                if parts.policy.decide(
                    questions.on_breach(
                        Who(name, "staff", frozenset({role}), second_factor=True),
                        action,
                        record,
                        found,
                        now,
                    )
                ).allowed
            }

    now = in_days(31)
    assert set(worker.reminds(now)) & set(roles) == may("embargo:review", now) != set()


def test_an_accident_is_told_to_whoever_decides_and_late_to_managers(
    sas: House, worker: Worker, breach: Breach
) -> None:
    """R14: whoever is named; where it is late, or that is not possible, the managers too."""
    bob, lea = known(sas), known(sas, "manager")
    record = breach.case.record

    def told(*, overdue: bool = False) -> set[str]:
        worker.told.clear()
        with worker.begin() as connection:
            reminding.tell_of_accident(
                connection, record, bob.name, overdue=overdue, now=in_days(0)
            )
        return set(worker.told)

    assert told() == {bob.name}
    assert {bob.name, lea.name} <= told(overdue=True)
    breach.case.walled(bob)
    for overdue in (False, True):
        assert lea.name in told(overdue=overdue)
        assert bob.name not in told(overdue=overdue)
    breach.case.walled(lea)
    assert lea.name not in told(overdue=True)


def test_the_worker_that_reminds_reads_nothing_that_was_said(sas: House) -> None:
    """Not to whom anything is to be told, and not what colleagues answered."""
    for hidden in (
        "recipients from breach_facts",
        "words_digest from breach_facts",
        "against from advice_answers",
        "reviewed_by from embargo_reviews",
        "reason from embargo_lifts",
        "student from name_requests",
        "view from name_views",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sas.sql_as("consent_work", f"select {hidden}")
