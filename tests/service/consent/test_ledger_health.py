"""
What people see when the ledger lacks its disk, its signer or its witness.

What stops is all opening, and what goes on is writing; a full disk is in `test_crashes.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from sas.consent.v1 import ledger_health_pb2 as pb

from common.errors import NotAvailable, SecondFactorNeeded, TryAgain
from deploy.ledger_health import told
from services.consent.actions.ledger_health import ledger_health
from services.consent.domain.ledger.health import LEAST_FREE, Health, Lack, Standing, judge
from services.consent.domain.witnesses import Heard, Witness
from tests.kit.house import Person, eventually
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff, student

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WITNESS = Witness("sas/witness", 7, NOW, NOW, Heard.SIGNED)
WELL = Standing(7, 7, None, [WITNESS], LEAST_FREE)
AUDITOR = staff("trustee")


def health(sas: House, who: Person = AUDITOR) -> pb.LedgerHealth:
    return sas.call(who, sas.gateway.health.GetLedgerHealth, pb.GetLedgerHealthRequest())


def availability(sas: House) -> pb.Availability:
    return sas.call(None, sas.gateway.health.GetAvailability, pb.GetAvailabilityRequest())


def lacks(found: Health | pb.LedgerHealth) -> set[str]:
    return {str(each.lack) for each in found.troubles}


def attention(found: Standing) -> str:
    """Give what `make status` says that somebody has to do something about."""
    return "\n".join(line.text for line in told(judge(found, NOW)) if not line.fine)


# As it runs


def test_a_running_ledger_is_well(sas: House, case: Case) -> None:
    case.opened(staff(), case.item())

    def well() -> bool:
        found = health(sas)
        return found.signed_size == found.size == found.witnesses[0].size and not found.troubles

    eventually(well)
    assert health(sas).opening
    assert health(sas).writing
    assert availability(sas).statement == "The Service can work as usual."
    assert attention(WELL) == ""


def test_operators_and_auditors_see_it_and_nobody_else(sas: House) -> None:
    for who in (student(), staff(permissions=frozenset({"case:open"}))):
        with pytest.raises(NotAvailable):
            health(sas, who)
    with pytest.raises(SecondFactorNeeded):
        health(sas, staff("operator", second_factor=False))


def test_without_vault_nothing_is_opened_and_anybody_is_told(sas: House, case: Case) -> None:
    """Neither opened nor written, for new words need new keys."""
    item = case.item()
    health(sas)  # who asks is verified with keys of Vault's, which are kept for a while
    with sas.without("vault"):
        with pytest.raises(TryAgain):
            case.opened(staff(), item)
        found = health(sas)
        said = availability(sas)
    assert (found.opening, found.writing) == (said.opening, said.writing) == (False, False)
    assert Lack.KEYS in lacks(found)
    assert "Nothing is lost" in said.statement
    assert not any(letter.isdigit() for letter in said.statement)
    eventually(lambda: availability(sas).opening)
    case.opened(staff(), item)


def test_without_the_signer_all_goes_on_but_receipts(sas: House, case: Case) -> None:
    """An entry without a checkpoint for a minute means that nobody signs."""
    with sas.without("consent-work"), sas.parts(in_a_minute_or_two) as parts:
        case.opened(staff(), case.item())
        found = ledger_health(parts)
        with sas.parts(lambda: datetime.now(UTC)) as now:
            assert Lack.SIGNER not in lacks(ledger_health(now))
    assert Lack.SIGNER in lacks(found)
    assert found.opening
    assert found.writing
    assert "to do: look at Vault and at consent-work" in "".join(
        line.text for line in told(found) if not line.fine
    )


def in_a_minute_or_two() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=2)


def test_a_silent_witness_stops_nothing(sas: House, case: Case) -> None:
    with sas.without("witness"):
        case.opened(staff(), case.item())
        eventually(lambda: Lack.WITNESS in lacks(health(sas)))
        found = health(sas)
        case.opened(staff(), case.item())
    assert found.opening
    assert "silent" in found.troubles[0].stops
    assert not any(each.todo for each in found.troubles)
    eventually(lambda: not health(sas).troubles)


# As it is judged


def test_a_signer_that_is_away_is_shown_but_not_in_the_first_minute() -> None:
    late = attrs.evolve(WELL, size=8, unsigned_since=NOW - timedelta(minutes=2))
    assert "lacks signer since 11:58" in attention(late)
    assert attention(attrs.evolve(late, unsigned_since=NOW - timedelta(seconds=20))) == ""


def test_a_witness_that_contradicts_is_an_alarm_and_stops_nothing() -> None:
    """Or whoever has tampered with the ledger could close the Service with it."""
    silent = attrs.evolve(WELL, witnesses=[attrs.evolve(WITNESS, heard=Heard.SILENT, size=5)])
    assert attention(silent) == ""
    assert "under what it signed last (5)" in judge(silent, NOW).troubles[0].goes_on
    for heard in (Heard.AHEAD, Heard.DIFFERS):
        found = attrs.evolve(WELL, witnesses=[attrs.evolve(WITNESS, heard=heard)])
        assert "CONTRADICTS" in attention(found)
        assert judge(found, NOW).opening


def test_a_disk_that_fills_up_is_shown_before_it_is_full() -> None:
    """On a full disk no decision can be written down, so nothing is opened."""
    little = attrs.evolve(WELL, free=LEAST_FREE - 1)
    assert "nothing is opened" in attention(little)
    assert judge(little, NOW).opening
    assert attention(attrs.evolve(WELL, free=None)) == ""


@pytest.mark.parametrize(
    ("found", "opening", "writing"),
    [
        (WELL, True, True),
        (attrs.evolve(WELL, takes_lines=False), False, True),
        (attrs.evolve(WELL, gives_keys=False), False, False),
        (None, False, False),
    ],
    ids=["well", "no room", "no keys", "no database"],
)
def test_what_stops_and_what_goes_on(found: Standing | None, opening: bool, writing: bool) -> None:
    """Of anybody's sentence there are three, and none has a number in it."""
    judged = judge(found, NOW)
    assert (judged.opening, judged.writing) == (opening, writing)
    assert not any(letter.isdigit() for letter in judged.statement)
    assert ("opened" in judged.statement) is not opening
    assert ("or written" in judged.statement) is not writing
