"""Consents over time, and when two things happen at once."""

from __future__ import annotations

import threading

import pytest

from common.errors import RefusedByPolicy, ServiceError
from services.consent.actions import consents, gate, housekeeping
from services.consent.domain.facts import Who
from tests.kit.house import eventually
from tests.service.consent.deeds import DIGEST, Letter
from tests.service.consent.house import House, in_days


def test_a_consent_lapses_by_our_clock(sas: House, letter: Letter) -> None:
    consent = letter.agreed()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    sending = gate.Sending(
        disclosure=letter.disclosure,
        record=letter.case.record,
        recipient=letter.tutor,
        purpose="welfare_support",
        payload_digest=DIGEST,
        items=[],
    )
    later = in_days(31)
    with sas.parts(lambda: later) as parts:
        with pytest.raises(RefusedByPolicy) as refused:
            gate.authorise_disclosure(parts, who, sending)
        assert refused.value.reasons == ("consent_lapsed",)
        zoe = Who(letter.case.student.name, "student")
        assert consents.get_consent(parts, zoe, consent.name).state_at(later) == "expired"
        with parts.new_work() as work:
            assert housekeeping.end_lapsed_consents(work.connection, later) >= 1
            assert housekeeping.end_lapsed_consents(work.connection, later) == 0
            noted = work.consents.find(consent.name)
            assert noted is not None
            assert noted.state == "expired"


def test_a_yes_that_comes_after_by_our_clock_is_not_prior(sas: House, letter: Letter) -> None:
    letter.agreed()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    sending = gate.Sending(
        disclosure=letter.disclosure,
        record=letter.case.record,
        recipient=letter.tutor,
        purpose="welfare_support",
        payload_digest=DIGEST,
        items=[],
    )
    with sas.parts(lambda: in_days(-1)) as parts, pytest.raises(RefusedByPolicy) as refused:
        gate.authorise_disclosure(parts, who, sending)
    assert refused.value.reasons == ("not_prior",)


def test_the_end_of_a_consent_is_told(sas: House, letter: Letter) -> None:
    """The outbox row is in the transaction of the withdrawal, and leaves."""
    consent = letter.agreed()
    letter.withdrawn(consent)
    states = sas.sql("select state from consent_events where consent = %s", consent.name)
    assert states == [("given",), ("withdrawn",)]
    eventually(lambda: sas.sql("select count(*) from outbox") == [(0,)])


def test_withdrawing_again_changes_nothing(letter: Letter, sas: House) -> None:
    consent = letter.agreed()
    for _ in range(3):
        letter.withdrawn(consent)
    count = "select count(*) from consent_events where consent = %s and state = 'withdrawn'"
    assert sas.sql(count, consent.name) == [(1,)]


def test_what_is_withdrawn_first_is_never_sent_after(sas: House) -> None:
    """R6: withdraw and send at the same moment, 40 times; the ledger's order says who was first."""
    letters = [Letter.write(sas) for _ in range(40)]
    agreed = [letter.agreed() for letter in letters]

    def send(letter: Letter) -> None:
        for _ in range(3):
            try:
                letter.sent()
            except ServiceError:
                return

    for letter, consent in zip(letters, agreed, strict=True):
        sending = threading.Thread(target=send, args=(letter,))
        withdrawing = threading.Thread(target=letter.withdrawn, args=(consent,))
        for thread in (sending, withdrawing):
            thread.start()
        for thread in (sending, withdrawing):
            thread.join()
    for letter in letters:
        rows = sas.sql(
            "select action, effect from entries where disclosure = %s"
            " and action in ('consent:withdraw', 'disclosure:send') order by idx",
            letter.disclosure,
        )
        after = rows[rows.index(("consent:withdraw", "allow")) :]
        assert ("disclosure:send", "allow") not in after
        with pytest.raises(RefusedByPolicy):
            letter.sent()


def test_two_yeses_at_once_are_one(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed()
    entries = []
    threads = [
        threading.Thread(target=lambda: entries.append(letter.given(consent).entry))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries) == 4
    assert len(set(entries)) == 1
