"""The other door: events of cases and identity. Keeps sealed facts, and opens none."""

from __future__ import annotations

from typing import Any

from sas.cases.v1.events_pb2 import CaseFactsRecorded, RecordDisposed
from sas.identity.v1.events_pb2 import StudentFactsRecorded

from common.events.handlers import Deps, Handler, Timer, every, handles
from common.requests import forget_requests
from services.reports.actions import facts
from services.reports.storage.work import HandlerWork


@handles(CaseFactsRecorded)
def on_case_facts_recorded(deps: Deps, event: CaseFactsRecorded) -> None:
    """Keep the facts of a case or an enquiry."""
    facts.keep_facts_of_record(
        HandlerWork(deps.connection),
        record=event.record,
        pseudonym=event.pseudonym,
        cohort=event.cohort,
        sealed=event.sealed_facts,
    )


@handles(StudentFactsRecorded)
def on_student_facts_recorded(deps: Deps, event: StudentFactsRecorded) -> None:
    """Keep the newest facts of a student."""
    facts.keep_facts_of_student(
        HandlerWork(deps.connection),
        pseudonym=event.pseudonym,
        cohort=event.cohort,
        sealed=event.sealed_facts,
    )


@handles(RecordDisposed)
def on_record_disposed(deps: Deps, event: RecordDisposed) -> None:
    """Delete the facts of a record whose key is destroyed."""
    facts.forget_record(HandlerWork(deps.connection), event.record)


@every(seconds=3600)
def forget_old_requests(deps: Deps) -> None:
    """Forget calls that nobody will repeat any more."""
    forget_requests(deps.connection)


HANDLERS: list[Handler[Any]] = [
    on_case_facts_recorded,
    on_student_facts_recorded,
    on_record_disposed,
]
TIMERS: list[Timer] = [forget_old_requests]
