"""What the gateway writes down, and how it renews its certificate."""

from __future__ import annotations

import json
import time

from tests.kit.gateway_house import SIGNED_IN, House, wait_until
from tests.service.gateway.saying import (
    CANARY,
    CASE,
    NOTE,
    READ,
    WRITE,
)


def test_log_and_trace_name_the_route_and_nothing_of_the_call(house: House) -> None:
    answers = [
        house.http.get(READ, headers={**SIGNED_IN, "user-agent": CANARY}),
        house.http.post(WRITE, headers=SIGNED_IN, content=f'{{"situation": {CANARY}}}'),
        house.http.get(f"/v1/{CANARY}", headers=SIGNED_IN),
        house.http.get(f"{READ}?{CANARY}={CANARY}", headers=SIGNED_IN),
    ]
    trace_id = answers[0].headers["x-sas-trace"]
    wait_until(lambda: len(house.spans.trace(trace_id)) == 2)
    wait_until(lambda: trace_id in house.log)
    lines = [json.loads(line) for line in house.log.splitlines() if trace_id in line]
    assert [line["route"] for line in lines] == ["cases.GetCaseNote"]
    for secret in (CANARY, NOTE, CASE, "Bearer", '127.0.0.1"'):
        assert secret not in house.log
    spans = house.spans.trace(trace_id)
    assert [span.name for span in spans] == ["gateway", "-> identity.Check"]
    assert spans[0].attributes["sas.route"] == "cases.GetCaseNote"
    assert spans[0].parent_id == ""
    time.sleep(1)
    stored = (house.folder / "spans.db").read_bytes() + (house.folder / "spans.db-wal").read_bytes()
    for secret in (CANARY, NOTE, "httpx"):
        assert secret.encode() not in stored


def test_a_renewed_certificate_is_shown_without_a_restart(house: House) -> None:
    house.ca.issue("gateway")
    before = house.certificate_serial()
    wait_until(lambda: house.certificate_serial() != before)
    assert house.http.get(READ, headers=SIGNED_IN).status_code == 200
