"""What operators see when the ledger lacks its disk, its signer or its witness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from deploy.ledger_health import LEAST_FREE, Standing, judge, read
from tests.kit.house import eventually
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WELL = Standing(7, 7, None, [("sas/witness", "signed", 7)], LEAST_FREE)


def attention(found: Standing) -> str:
    """Give what somebody has to do something about."""
    return "\n".join(line.text for line in judge(found, NOW) if not line.fine)


def test_a_running_ledger_is_well(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())

    def well() -> bool:
        with sas.connect() as connection:
            found = read(connection, LEAST_FREE)
        told = [line.text for line in judge(found, datetime.now(UTC)) if line.fine]
        return found.signed == found.size and any("has signed up to" in text for text in told)

    eventually(well)
    assert attention(WELL) == ""


def test_a_signer_that_is_away_is_shown_but_not_in_the_first_minute() -> None:
    late = attrs.evolve(WELL, size=8, unsigned_since=NOW - timedelta(minutes=2))
    assert "nobody signs since 11:58" in attention(late)
    assert attention(attrs.evolve(late, unsigned_since=NOW - timedelta(seconds=20))) == ""


def test_a_signer_that_is_away_shows_in_the_database(sas: House, case: Case) -> None:
    with sas.without("consent-work"):
        case.opened(staff(), case.item())
        with sas.connect() as connection:
            found = read(connection, LEAST_FREE)
    assert found.signed < found.size
    assert found.unsigned_since is not None
    assert "nobody signs" in "\n".join(
        line.text for line in judge(found, datetime.now(UTC) + timedelta(minutes=2))
    )


def test_a_silent_witness_stops_nothing_and_one_that_contradicts_is_an_alarm() -> None:
    silent = attrs.evolve(WELL, witnesses=[("sas/witness", "silent", 5)])
    assert attention(silent) == ""
    assert "all goes on, under what it signed last (5)" in judge(silent, NOW)[1].text
    for heard in ("ahead", "differs"):
        assert "CONTRADICTS" in attention(attrs.evolve(WELL, witnesses=[("w", heard, 9)]))


def test_a_disk_that_fills_up_is_shown_before_it_is_full() -> None:
    """On a full disk no decision can be written down, so nothing is opened."""
    assert "nothing is opened" in attention(attrs.evolve(WELL, free=LEAST_FREE - 1))
