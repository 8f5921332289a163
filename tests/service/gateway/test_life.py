"""How the gateway ends: calls under way finish, and nothing of it is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from tests.kit.gateway_house import SIGNED_IN, House, open_house, wait_until

READ = "/v1/notes/51f0b2f6-0d93-4a3b-9c55-7f6d5c0a7a11"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path, drain_seconds=1.5) as house:
        yield house


def test_a_call_under_way_is_answered_when_the_gateway_stops(house: House) -> None:
    def slowly(path: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        time.sleep(1)
        return b""

    house.upstreams["cases"].answer = slowly
    answers: list[httpx.Response] = []
    call = threading.Thread(target=lambda: answers.append(house.http.get(READ, headers=SIGNED_IN)))
    call.start()
    wait_until(lambda: bool(house.upstreams["cases"].asked))
    house.process.terminate()
    call.join(10)
    assert [each.status_code for each in answers] == [200]
    assert house.process.wait(10) == 0


def test_while_it_stops_it_says_that_it_is_not_well(house: House) -> None:
    house.process.terminate()
    wait_until(lambda: house.http.get("/healthz").status_code == 503, seconds=1.4)


def test_envoy_does_not_outlive_its_keeper(house: House) -> None:
    house.process.kill()
    house.process.wait()

    def is_gone() -> bool:
        try:
            house.http.get("/healthz")
        except httpx.TransportError:
            return True
        return False

    wait_until(is_gone, seconds=5)
