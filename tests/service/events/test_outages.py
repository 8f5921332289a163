"""Nothing is lost when a server dies, and workers live on. The servers are for this file alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from common.events.broker import Publisher
from tests.kit.servers.local import Local
from tests.kit.servers.session import Servers
from tests.kit.servers.values import BROKER, POSTGRES
from tests.service.events.house import QUEUE, WAITS_MS, House, Worker, opened
from tests.service.events.sending import MANY, new_records, sending

pytestmark = pytest.mark.local_lane_only("kills the servers")


QUEUE_SETTLES_SECONDS = 6
"""
From making a quorum queue until it outlives the broker's kill. RabbitMQ 3.10 killed earlier has the
queue's name afterwards, but never confirms a message for it: the relay waits, and nothing is lost.
"""


@pytest.fixture(scope="module")
def running(local: Local) -> Iterator[House]:
    servers = Servers(local)
    servers.need(POSTGRES, BROKER)
    with opened(servers) as house:
        Publisher(house.broker("reports-work")).ensure([QUEUE])
        time.sleep(QUEUE_SETTLES_SECONDS)
        yield house


def again(local: Local, server: str) -> None:
    """Start a server that was killed."""
    local.begin(server)
    local.wait(server)


def test_nothing_is_lost_when_the_broker_is_killed(
    local: Local, running: House, sender: Worker, reader: Worker
) -> None:
    records = new_records(MANY)
    with sending(running, records):
        time.sleep(0.2)
        local.kill("rabbitmq")
        again(local, BROKER)
    running.each_once(records)
    assert sender.runs
    assert reader.runs


def test_nothing_is_lost_or_parked_when_the_database_is_killed(
    local: Local, running: House, sender: Worker, reader: Worker
) -> None:
    """An outage longer than all tries together: a server that is away is no try."""
    records = new_records(MANY)
    running.send(records)
    time.sleep(0.3)
    local.kill("postgres")
    time.sleep(3 * sum(WAITS_MS) / 1000)
    again(local, POSTGRES)
    running.each_once(records)
    assert sender.runs
    assert reader.runs


def test_a_worker_leaves_when_it_is_told_though_the_broker_is_away(
    local: Local, running: House, sender: Worker, reader: Worker
) -> None:
    local.kill("rabbitmq")
    try:
        time.sleep(1)
        assert reader.stop() == 0
        assert sender.stop() == 0
    finally:
        again(local, BROKER)
