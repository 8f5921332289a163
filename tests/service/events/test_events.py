"""Events between real databases over a real broker: nothing lost, and each effect exactly once."""

from __future__ import annotations

import time
import uuid
from collections import Counter

import pytest

from common import telemetry
from common.events.broker import Message, Publisher
from common.events.parking import parked, retry
from tests.kit.servers.spawn import wait_until
from tests.service.events.house import EVENT, QUEUE, House, Worker
from tests.service.events.sending import MANY, new_records, sending

SECRET_WORDS = "words that must not be logged"


def test_an_event_arrives_soon_and_once(running: House, sender: Worker, reader: Worker) -> None:
    started = time.monotonic()
    records = new_records(20)
    running.send(records)
    running.each_once(records)
    assert time.monotonic() - started < 5


def test_an_event_is_seen_in_the_trace_of_its_cause(
    running: House, sender: Worker, reader: Worker
) -> None:
    records = new_records(1)
    trace = uuid.uuid4().hex
    with telemetry.from_traceparent(f"00-{trace}-00f067aa0ba902b7-01"):
        running.send(records)
    running.each_once(records)
    with running.connect("reports") as connection:
        row = connection.execute("select trace from effects where record = %s", (records[0],))
        assert row.fetchone() == (trace,)


def test_an_event_waits_for_a_reader_that_has_never_run(running: House, sender: Worker) -> None:
    """The relay makes the reader's queue, so that its first start finds what happened before."""
    records = new_records(5)
    running.send(records)
    wait_until(running.outbox_is_empty)
    assert running.effects(records) == Counter()


def test_the_same_event_twice_has_one_effect(running: House, reader: Worker) -> None:
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
    running.each_once([record])


def test_nothing_is_lost_when_the_reader_is_killed(
    running: House, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        for _ in range(3):
            reader.kill()
            reader.start()  # it finds a backlog, and is killed in the middle of it
            time.sleep(0.1)
    running.each_once(records)


def test_nothing_is_lost_when_the_relay_is_killed(
    running: House, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        for _ in range(3):
            sender.kill()
            sender.start()
            time.sleep(0.05)
    running.each_once(records)


def test_what_keeps_failing_is_parked_and_can_be_sent_again(
    running: House, sender: Worker, reader: Worker
) -> None:
    poison, good = new_records(3, "poison"), new_records(30)
    running.send([*poison, *good])
    broker = running.broker("reports-work")
    wait_until(lambda: len(parked(broker, [QUEUE])) == len(poison))
    wait_until(lambda: running.effects(good) == Counter(good))
    assert running.effects(poison) == Counter()
    for entry in parked(broker, [QUEUE]):
        assert (entry.event, entry.tries, entry.because) == (EVENT, 4, "ValueError")

    with running.connect("reports") as connection:
        connection.execute("update cure set cured = true")
    assert retry(broker, [QUEUE]) == len(poison)
    running.each_once([*poison, *good])
    with running.connect("reports") as connection:
        connection.execute("update cure set cured = false")
    assert SECRET_WORDS not in reader.log


@pytest.mark.parametrize(
    "body",
    [SECRET_WORDS.encode(), b"\xff\xfe", b'["a list"]', b'{"record": 7}', b""],
    ids=["words", "no text", "list", "number", "nothing"],
)
def test_a_body_that_is_no_event_is_parked_and_not_logged(
    running: House, reader: Worker, body: bytes
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


def test_a_timer_goes_on_after_a_failure(running: House, reader: Worker) -> None:
    before = running.effects(["tick"]).total()
    wait_until(lambda: running.effects(["tick"]).total() > before + 2)
    wait_until(lambda: reader.log.count("timer_failed") > 2)
    assert SECRET_WORDS not in reader.log


def test_a_worker_drains_and_leaves_when_it_is_told(
    running: House, sender: Worker, reader: Worker
) -> None:
    records = new_records(200)
    running.send(records)
    assert reader.stop() == 0
    assert not reader.ready_file.exists()
    assert sender.stop() == 0
    sender.start()
    reader.start()
    running.each_once(records)
