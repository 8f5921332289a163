"""
Load invented people through the gateway, exactly as a staff member's own calls would come in.

    python -m deploy.seeds.load --students 200 < TOKEN

Every call that makes something carries a request id that follows from the seed, so loading again
makes nothing twice, and a load that was interrupted goes on where it stopped. (Services recognise a
request id for a day, and from the same staff member.)
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sas.cases.v1 import (
    case_notes_pb2,
    case_notes_pb2_grpc,
    cases_pb2,
    cases_pb2_grpc,
    enquiries_pb2,
    enquiries_pb2_grpc,
)
from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.gateway import Gateway, understood_errors
from common.errors import TooManyCalls, TryAgain, WrongState
from deploy.seeds.people import Case, Enquiry, Student, invent
from deploy.state import State

M = TypeVar("M")
T = TypeVar("T")

IN_FLIGHT = 4
TRIES = 8
FIRST_WAIT_SECONDS = 0.25


def load(
    gateway: str, ca_file: Path, token: str, students: int = 60, seed: int = 2026
) -> dict[str, int]:
    """
    Load everybody that follows from *seed*, and return how many of what there are.

    Args:
        gateway: its address, as `localhost:17000`.
        ca_file: the certificates to trust for it.
        token: of the session of an adviser or a manager, with a second factor.
        students: how many.
        seed: which.

    Raises:
        ServiceError: the gateway refused, or could not answer for about a minute.
    """
    people = invent(students, seed)
    loader = _Loader(Gateway(gateway, ca_file, token))
    jobs: list[Callable[[], None]] = [
        *(partial(loader.student, each) for each in people.students),
        *(partial(loader.enquiry, each) for each in people.enquiries),
    ]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        with (
            Progress(*columns, console=Console(stderr=True)) as progress,
            ThreadPoolExecutor(IN_FLIGHT) as pool,
        ):
            bar = progress.add_task("students and enquiries", total=len(jobs))
            try:
                for _ in pool.map(lambda job: job(), jobs):
                    progress.advance(bar)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        loader.gateway.close()
    return dict(loader.counts)


class _Loader:
    """Makes the calls, several at once."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._students = gateway.stub(students_pb2_grpc.StudentsServiceStub)
        self._cases = gateway.stub(cases_pb2_grpc.CasesServiceStub)
        self._notes = gateway.stub(case_notes_pb2_grpc.CaseNotesServiceStub)
        self._enquiries = gateway.stub(enquiries_pb2_grpc.EnquiriesServiceStub)

    def student(self, student: Student) -> None:
        """Load one student with all their cases, one after the other."""
        request = students_pb2.RegisterStudentRequest(
            form=students_pb2.RegistrationForm(**student.form), request_id=student.request_id
        )
        made = patiently(self._students.RegisterStudent, request)
        self._count("students")
        for case in student.cases:
            self._case(made.name, case)

    def enquiry(self, enquiry: Enquiry) -> None:
        """Load one enquiry without a name."""
        request = enquiries_pb2.RecordEnquiryRequest(
            words=enquiry.words,
            topic=enquiry.topic,
            contact_date=enquiry.contact_date,
            request_id=enquiry.request_id,
        )
        patiently(self._enquiries.RecordEnquiry, request)
        self._count("enquiries")

    def _case(self, student: str, case: Case) -> None:
        opening = cases_pb2.OpenCaseRequest(
            student=student,
            topic=case.topic,
            contact_date=case.contact_date,
            request_id=case.request_id,
        )
        opened = patiently(self._cases.OpenCase, opening)
        self._count("cases")
        for note in case.notes:
            writing = case_notes_pb2.WriteCaseNoteRequest(
                parent=opened.name,
                situation=note.situation,
                advice_offered=note.advice_offered,
                action_taken=note.action_taken,
                contact_date=note.contact_date,
                request_id=note.request_id,
            )
            patiently(self._notes.WriteCaseNote, writing)
            self._count("case notes")
        if case.outcome:
            closing = cases_pb2.CloseCaseRequest(name=opened.name, outcome=case.outcome)
            with contextlib.suppress(WrongState):  # an earlier load closed it
                patiently(self._cases.CloseCase, closing)
            self._count("closed cases")

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


def patiently(call: Callable[[M], T], request: M) -> T:
    """Make a call; wait and repeat it, as its request id allows, while the gateway is too busy."""
    wait = FIRST_WAIT_SECONDS
    for left in reversed(range(TRIES)):
        try:
            with understood_errors():
                return call(request)
        except (TooManyCalls, TryAgain):
            if not left:
                raise
        time.sleep(wait)
        wait *= 2
    raise AssertionError("every try returns or raises")


def main() -> int:
    """Load into the stack of the environment."""
    parser = argparse.ArgumentParser(prog="python -m deploy.seeds.load", description=__doc__)
    parser.add_argument("--students", type=int, default=60, help="how many (60)")
    parser.add_argument("--seed", type=int, default=2026, help="which (2026)")
    arguments = parser.parse_args()
    state = State.from_environment()
    counts = load(
        f"localhost:{state.port('gateway')}",
        state / "tls/ca.pem",
        sys.stdin.readline().strip(),
        arguments.students,
        arguments.seed,
    )
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
