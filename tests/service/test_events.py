"""Events between real databases over a real broker: nothing lost, and each effect exactly once."""

from __future__ import annotations

import itertools
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sas.cases.v1.events_pb2 import CaseFactsRecorded
from sqlalchemy import create_engine

from common import outbox, telemetry
from common.events.broker import Message, Publisher
from common.events.parking import parked, retry
from common.events.topology import Queue
from tests.service.events_servers import Servers, Worker, servers, wait_until
from tests.service.events_worker import WAITS_MS

pytestmark = pytest.mark.timeout(300)

MANY = 400
EVENT = CaseFactsRecorded.DESCRIPTOR.full_name
QUEUE = Queue("reports", EVENT, WAITS_MS)
SECRET_WORDS = "words that must not be logged"

_numbers = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[Servers]:
    with servers() as both:
        yield both


@pytest.fixture
def sender(running: Servers, tmp_path: Path) -> Iterator[Worker]:
    """The worker of cases: its relay."""
    worker = Worker(running.worker_settings("cases"), tmp_path / "sender.log")
    worker.start()
    yield worker
    worker.kill()


@pytest.fixture
def reader(running: Servers, tmp_path: Path) -> Iterator[Worker]:
    """The worker of reports: its consumer."""
    worker = Worker(running.worker_settings("reports"), tmp_path / "reader.log")
    worker.start()
    yield worker
    worker.kill()


def send(running: Servers, records: list[str]) -> None:
    """Let one event happen for each of *records*, each in a transaction of its own."""

    def connect() -> Any:
        connection = running.connect("cases")
        connection.autocommit = False
        return connection

    engine = create_engine("postgresql+psycopg://", creator=connect)
    with engine.connect() as connection:
        for record in records:
            outbox.put(connection, CaseFactsRecorded(record=record, cohort=2025))
            connection.commit()
    engine.dispose()


@contextmanager
def sending(running: Servers, records: list[str]) -> Iterator[None]:
    """Let the events happen while the block does something else."""
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send, running, records)
        yield
        sent.result()


def new_records(count: int, kind: str = "case") -> list[str]:
    return [f"records/{kind}-{next(_numbers)}" for _ in range(count)]


def effects(running: Servers, records: list[str]) -> Counter[str]:
    """How often each of *records* has had its effect."""
    with running.connect("reports") as connection:
        rows = connection.execute("select record from effects where record = any(%s)", (records,))
        return Counter(record for (record,) in rows)


def outbox_is_empty(running: Servers) -> bool:
    with running.connect("cases") as connection:
        return connection.execute("select from outbox").fetchone() is None


def each_once(running: Servers, records: list[str], seconds: float = 60) -> None:
    """Wait until all have arrived; then see that nothing came twice and nothing is left over."""
    wait_until(lambda: effects(running, records).keys() == set(records), seconds)
    wait_until(lambda: outbox_is_empty(running))
    assert effects(running, records) == Counter(records)
    assert parked(running.broker("reports-work"), [QUEUE]) == []


def test_an_event_arrives_soon_and_once(running: Servers, sender: Worker, reader: Worker) -> None:
    started = time.monotonic()
    records = new_records(20)
    send(running, records)
    each_once(running, records)
    assert time.monotonic() - started < 5


def test_an_event_is_seen_in_the_trace_of_its_cause(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    records = new_records(1)
    trace = uuid.uuid4().hex
    with telemetry.from_traceparent(f"00-{trace}-00f067aa0ba902b7-01"):
        send(running, records)
    each_once(running, records)
    with running.connect("reports") as connection:
        row = connection.execute("select trace from effects where record = %s", (records[0],))
        assert row.fetchone() == (trace,)


def test_an_event_waits_for_a_reader_that_has_never_run(running: Servers, sender: Worker) -> None:
    """The relay makes the reader's queue, so that its first start finds what happened before."""
    records = new_records(5)
    send(running, records)
    wait_until(lambda: outbox_is_empty(running))
    assert effects(running, records) == Counter()


def test_the_same_event_twice_has_one_effect(running: Servers, reader: Worker) -> None:
    (record,) = new_records(1)
    message = Message(
        id=str(uuid.uuid4()),
        event=EVENT,
        body=b'{"record": "%b"}' % record.encode(),
        routing_key=EVENT,
    )
    publisher = Publisher(running.broker("reports-work"))
    for _ in range(5):
        publisher.publish_one(message)
    publisher.close()
    time.sleep(1)
    each_once(running, [record])


def test_nothing_is_lost_when_the_reader_is_killed(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        for _ in range(3):
            reader.kill()
            reader.start()  # it finds a backlog, and is killed in the middle of it
            time.sleep(0.1)
    each_once(running, records)


def test_nothing_is_lost_when_the_relay_is_killed(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        for _ in range(3):
            sender.kill()
            sender.start()
            time.sleep(0.05)
    each_once(running, records)


def test_nothing_is_lost_when_the_broker_is_killed(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        for _ in range(2):
            time.sleep(0.2)
            running.kill("rabbitmq")
            running.start_broker()
    each_once(running, records)
    assert sender.runs
    assert reader.runs


def test_nothing_is_lost_or_parked_when_the_database_is_killed(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    """An outage longer than all tries together: a server that is away is no try."""
    records = new_records(MANY)
    send(running, records)
    time.sleep(0.3)
    running.kill("postgres")
    time.sleep(3 * sum(WAITS_MS) / 1000)
    running.start_database()
    each_once(running, records)
    assert sender.runs
    assert reader.runs


def test_what_keeps_failing_is_parked_and_can_be_sent_again(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    poison, good = new_records(3, "poison"), new_records(30)
    send(running, [*poison, *good])
    broker = running.broker("reports-work")
    wait_until(lambda: len(parked(broker, [QUEUE])) == len(poison))
    wait_until(lambda: effects(running, good) == Counter(good))
    assert effects(running, poison) == Counter()
    for entry in parked(broker, [QUEUE]):
        assert (entry.event, entry.tries, entry.because) == (EVENT, 4, "ValueError")

    with running.connect("reports") as connection:
        connection.execute("update cure set cured = true")
    assert retry(broker, [QUEUE]) == len(poison)
    each_once(running, [*poison, *good])
    with running.connect("reports") as connection:
        connection.execute("update cure set cured = false")
    assert SECRET_WORDS not in reader.log


@pytest.mark.parametrize(
    "body",
    [SECRET_WORDS.encode(), b"\xff\xfe", b'["a list"]', b'{"record": 7}', b""],
    ids=["words", "no text", "list", "number", "nothing"],
)
def test_a_body_that_is_no_event_is_parked_and_not_logged(
    running: Servers, reader: Worker, body: bytes
) -> None:
    broker = running.broker("reports-work")
    message_id = str(uuid.uuid4())
    publisher = Publisher(broker)
    publisher.publish_one(Message(id=message_id, event=EVENT, body=body, routing_key=EVENT))
    publisher.close()
    wait_until(lambda: len(parked(broker, [QUEUE])) == 1)
    (entry,) = parked(broker, [QUEUE])
    assert (entry.message_id, entry.because) == (message_id, "not_understood")
    assert SECRET_WORDS not in reader.log
    assert "xff" not in reader.log
    running.purge(QUEUE.parking)


def test_a_timer_goes_on_after_a_failure(running: Servers, reader: Worker) -> None:
    before = effects(running, ["tick"]).total()
    wait_until(lambda: effects(running, ["tick"]).total() > before + 2)
    wait_until(lambda: reader.log.count("timer_failed") > 2)
    assert SECRET_WORDS not in reader.log


def test_a_worker_drains_and_leaves_when_it_is_told(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    records = new_records(200)
    send(running, records)
    assert reader.stop() == 0
    assert not reader.ready_file.exists()
    assert sender.stop() == 0
    sender.start()
    reader.start()
    each_once(running, records)


def test_a_worker_leaves_when_it_is_told_though_the_broker_is_away(
    running: Servers, sender: Worker, reader: Worker
) -> None:
    running.kill("rabbitmq")
    try:
        time.sleep(1)
        assert reader.stop() == 0
        assert sender.stop() == 0
    finally:
        running.start_broker()
