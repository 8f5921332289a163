"""Names of queues, and where an event goes after each failure."""

from __future__ import annotations

from sas.cases.v1.events_pb2 import CaseFactsRecorded, RecordDisposed
from sas.consent.v1.events_pb2 import ConsentEnded

from common.events.topology import Queue
from common.outbox import readers_of

QUEUE = Queue("reports", "sas.cases.v1.CaseFactsRecorded", (1_000, 5_000))


def test_a_queue_is_named_by_its_reader_and_the_event() -> None:
    assert QUEUE.name == "reports.CaseFactsRecorded"
    assert QUEUE.parking == "reports.CaseFactsRecorded.dead"


def test_an_event_waits_longer_after_each_failure_and_is_then_parked() -> None:
    assert [QUEUE.wait(tries) for tries in (1, 2, 3)] == [
        "reports.CaseFactsRecorded.wait.1000",
        "reports.CaseFactsRecorded.wait.5000",
        None,
    ]


def test_the_proto_says_who_reads_an_event() -> None:
    assert readers_of(CaseFactsRecorded) == ("reports",)
    assert readers_of(RecordDisposed()) == ("reports", "consent")
    assert readers_of(ConsentEnded) == ("cases",)
